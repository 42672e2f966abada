"""The service under load: one that is started with an empty database, or a running one."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.parent import parent_exit_hook
from embedded import Postgres
from loadtests import accounts
from loadtests.accounts import Account

SCRIPT = Path(__file__).parents[1] / "service.py"
ACCOUNTS = 300
START_TIMEOUT = 20  # seconds


@dataclass(frozen=True)
class Target:
    """A running service, and accounts there."""

    url: str
    accounts: list[Account]
    database_url: str = ""
    """To count its connections; empty where the database cannot be reached."""


@contextmanager
def started() -> Iterator[Target]:
    """Start the service with an empty database and the settings of the environment.

    Raises PostgresError and OSError.
    """
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="todo-load-")))
        database_url = resources.enter_context(Postgres(folder / "data")).url
        secret = secrets.token_urlsafe(32)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = os.environ | {
            "DATABASE_URL": database_url,
            "BETTER_AUTH_SECRET": secret,
            "FRONTEND_URL": "http://localhost:3000",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "LOG_LEVEL": "error",
        }
        service = subprocess.Popen(  # noqa: S603
            [sys.executable, str(SCRIPT)],
            env=environment,
            cwd=folder,
            preexec_fn=parent_exit_hook(os.getpid(), signal.SIGTERM),  # noqa: PLW1509
        )
        resources.callback(service.wait)
        resources.callback(service.terminate)
        url = f"http://127.0.0.1:{port}"
        wait_for(url, service)
        yield Target(url, accounts.insert_now(database_url, secret, ACCOUNTS), database_url)


@contextmanager
def running(host: str) -> Iterator[Target]:
    """Use a running service: sign up accounts there, and delete their tasks at the end.

    Raises OSError.
    """
    url = host.rstrip("/")
    found = accounts.sign_up(url)
    try:
        yield Target(url, found)
    finally:
        with suppress(OSError):
            accounts.delete_tasks(url, found)


def wait_for(url: str, service: subprocess.Popen[bytes]) -> None:
    """Return when the service responds. Raises OSError."""
    deadline = time.monotonic() + START_TIMEOUT
    while service.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310
            return
        time.sleep(0.05)
    raise OSError("the service did not start")
