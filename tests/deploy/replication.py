"""PostgreSQL with a synchronous standby."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from embedded import Postgres, PostgresError
from embedded.account import account_for
from embedded.binaries import folders_of_system
from embedded.directory import CLUSTER
from tests.support.program import free_port

STANDBY = "standby"
START_TIMEOUT = 30  # seconds
SETTINGS = {"wal_retrieve_retry_interval": "500ms"}  # it can delay a promotion


class Databases:
    """A primary and a synchronous standby, as a context manager."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._account = account_for(None)
        self._binaries = binaries()
        self._held = ExitStack()
        self.primary = self._server("primary", synchronous_standby_names=STANDBY)
        self.standby = self._server(STANDBY)

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self.primary)
            self._copy()
            held.enter_context(self.standby)
            self._wait_until("SELECT sync_state = 'sync' FROM pg_stat_replication")
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def kill_primary(self, unsent: float) -> None:
        """Kill all its processes at once, after `unsent` seconds without replication."""
        os.kill(int(self.ask("SELECT pid FROM pg_stat_replication")), signal.SIGSTOP)
        time.sleep(unsent)
        primary = self.primary.process
        primary.send_signal(signal.SIGSTOP)  # so that no process continues meanwhile
        children = Path(f"/proc/{primary.pid}/task/{primary.pid}/children").read_text().split()
        for pid in (*map(int, children), primary.pid):
            os.kill(pid, signal.SIGKILL)
        primary.wait()

    def promote(self) -> None:
        """Promote the standby."""
        self._run("pg_ctl", "promote", "-D", str(self.directory / STANDBY / CLUSTER))

    def ask(self, statement: str, server: Postgres | None = None) -> str:
        """The output of psql, by default of the primary."""
        url = (server or self.primary).url
        return self._run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url)

    def _server(self, name: str, **settings: str) -> Postgres:
        """A server whose folder is readable and whose cluster is private."""
        folder = self.directory / name
        folder.mkdir(mode=0o755)
        return Postgres(
            folder, binaries=self._binaries, port=free_port(), settings=SETTINGS | settings
        )

    def _copy(self) -> None:
        """Copy the primary to the standby."""
        target = self.directory / STANDBY / CLUSTER
        target.mkdir(mode=0o700)
        if self._account.uid is not None:
            shutil.chown(target, self._account.uid, self._account.gid)
        source = f"{self.primary.url}?application_name={STANDBY}"
        self._run("pg_basebackup", "-D", str(target), "-R", "-c", "fast", "-d", source)

    def _wait_until(self, question: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while self.ask(question) != "t":
            if time.monotonic() > deadline:
                raise PostgresError(f"the standby does not replicate: {question}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            cwd="/",
            capture_output=True,
            check=False,
            text=True,
            user=self._account.uid,
            group=self._account.gid,
            extra_groups=self._account.groups,
        )
        if done.returncode != 0:
            raise PostgresError(f"{program} failed:\n{done.stderr}")
        return done.stdout.strip()


def binaries() -> Path:
    """The system's newest PostgreSQL; the wheel has no pg_basebackup."""
    for folder in folders_of_system():
        if (folder / "pg_basebackup").exists() and (folder / "psql").exists():
            return folder
    raise PostgresError("needs the system's PostgreSQL with pg_basebackup: apt install postgresql")
