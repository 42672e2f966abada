"""The server: its settings, its start and its end, and where clients find it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

from embedded.cluster import NAME, create
from embedded.directory import CLUSTER, LOG, OWNER, lock
from embedded.errors import PostgresError
from embedded.programs import Programs

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",  # the server works in the cluster's folder
    "port": "5432",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # what is wrong with a statement is the service's to tell
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
LONGEST_KILL = 1  # second: until a killed process has let go of its files
LONGEST_START = 300  # seconds: after a crash the server repeats what its log holds
LONGEST_STOP = 30  # seconds: for an orderly end; dropping everything is safe, but costs a recovery


class Postgres:
    """A PostgreSQL server of our own, on a data directory, for as long as this process lives."""

    process: subprocess.Popen[bytes]
    url: str

    def __init__(
        self,
        directory: Path,
        *,
        binaries: Path | None = None,
        durable: bool = True,
        port: int | None = None,
        settings: Mapping[str, str] = {},
    ) -> None:
        """Describe the server; with a port it listens on 127.0.0.1 too, and trusts who connects."""
        self._directory = directory.absolute()
        self._cluster = self._directory / CLUSTER
        self._binaries = binaries
        self._durable = durable
        self._port = port
        over_tcp = {"listen_addresses": "127.0.0.1", "port": str(port)} if port else {}
        self._settings = SETTINGS | ({} if durable else NOT_DURABLE) | over_tcp | dict(settings)
        self._held = ExitStack()

    def start(self) -> str:
        """Start the server, at first use make its database, and return the database's URL.

        Call it from the main thread: the server ends with the thread that started it.
        """
        try:
            with ExitStack() as held:
                self._start(held)
                self._held = held.pop_all()
        except OSError as error:
            raise PostgresError(f"PostgreSQL cannot use {self._directory}: {error}") from error
        return self.url

    def join(self) -> str:
        """Return the URL of the server that another process runs on this directory."""
        self.url = self._address(self._held)
        return self.url

    def stop(self) -> None:
        """End the server in good order, without waiting for its clients; again does no harm."""
        self._held.close()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, held: ExitStack) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = held.enter_context(lock(self._directory, OWNER, LONGEST_KILL, told_in=OWNER))
        owner.truncate(0)
        owner.write(b"%d\n" % os.getpid())
        # No other service, but the server of one that was killed may be about to end.
        with lock(self._directory, LOG, LONGEST_STOP, told_in=f"{CLUSTER}/postmaster.pid") as log:
            programs = Programs.choose(self._directory, self._binaries, log)
            if not self._cluster.exists():
                create(self._directory, programs, durable=self._durable, tcp=bool(self._port))
            options = [f"--{name}={value}" for name, value in self._settings.items()]
            self.process = programs.spawn("postgres", *options, data=self._cluster)
            held.callback(_end, self.process)
            self._wait_until_ready(programs)
        self.url = self._address(held)

    def _wait_until_ready(self, programs: Programs) -> None:
        deadline = time.monotonic() + LONGEST_START
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(FileNotFoundError):
                words = (self._cluster / "postmaster.pid").read_text().split()
                if words[:1] == [str(self.pid)] and words[-1] == "ready":
                    return
            time.sleep(0.01)
        raise PostgresError(
            f"PostgreSQL did not start on {self._directory}:\n{programs.last_words()}"
        )

    def _address(self, held: ExitStack) -> str:
        """Tell the URL; where the path is too long for a socket, by way of a short link to it."""
        if self._port:
            return f"postgresql://{NAME}@127.0.0.1:{self._port}/{NAME}"
        folder = self._cluster
        if len(os.fsencode(folder / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH:
            short = held.enter_context(tempfile.TemporaryDirectory(prefix="todo-", dir="/tmp"))
            folder = Path(short, CLUSTER)
            folder.symlink_to(self._cluster)
        return f"postgresql://{NAME}@/{NAME}?host={quote(os.fsencode(folder))}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(LONGEST_STOP)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
