"""What is measured: this repository's service on a PostgreSQL that is thrown away, or a host."""

import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded import Postgres, PostgresError
from loadtests import people
from loadtests.people import Person
from loadtests.processes import CannotRun, Child, answers, free_port

SCRIPT = Path(__file__).resolve().parents[1] / "service.py"
CROWD = 300  # people in the throwaway database


@dataclass(frozen=True)
class Target:
    """A running service, and the people who will use it."""

    url: str
    people: list[Person]
    database_url: str = ""
    """For a look at its connections; empty where we have no access."""
    pid: int = 0


@contextmanager
def throwaway(**settings: str) -> Iterator[Target]:
    """Start the service, with the environment's settings for all but the database.

    Raises CannotRun.
    """
    with ExitStack() as held:
        name = tempfile.TemporaryDirectory(prefix="todo-load-", ignore_cleanup_errors=True)
        folder = Path(held.enter_context(name))
        try:
            postgres = held.enter_context(Postgres(folder / "data"))
        except PostgresError as error:
            raise CannotRun(str(error)) from error
        port, secret = free_port(), secrets.token_urlsafe(32)
        environment = os.environ | {
            "DATABASE_URL": postgres.url,
            "BETTER_AUTH_SECRET": secret,
            "FRONTEND_URL": "http://localhost:3000",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            **settings,
        }
        command: list[str | Path] = [sys.executable, SCRIPT]
        log = folder / "service.log"
        service = Child(command, log, environment=environment, directory=folder)
        held.enter_context(service)
        url = f"http://127.0.0.1:{port}"
        service.wait_for(f"{url}/health")
        try:
            crowd = people.insert(postgres.url, secret, CROWD)
        except OSError as error:
            raise CannotRun(f"the database cannot be filled: {error}") from error
        yield Target(url, crowd, postgres.url, service.pid)


@contextmanager
def elsewhere(host: str, database_url: str) -> Iterator[Target]:
    """Use a running service: people sign up over HTTP, and their tasks are deleted at the end.

    Raises CannotRun.
    """
    host = host.rstrip("/")
    if not answers(f"{host}/health"):
        raise CannotRun(f"nothing answers at {host}")
    try:
        crowd = people.sign_up(host)
    except OSError as error:
        raise CannotRun(f"nobody can sign up at {host}: {error}") from error
    try:
        yield Target(host, crowd, database_url)
    finally:
        with contextlib.suppress(OSError):
            people.tidy_up(host, crowd)
