"""The PostgreSQL server: settings, start, stop and URL."""

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
    "unix_socket_directories": ".",  # its working directory is the cluster
    "port": "5432",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # the service logs errors of statements
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MAX_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
LOCK_TIMEOUT = 1  # seconds until a killed process has released its files
START_TIMEOUT = 300  # seconds; after a crash the server replays its write-ahead log
STOP_TIMEOUT = 30  # seconds; an immediate shutdown is safe, but costs a recovery


class Postgres:
    """A PostgreSQL server on a data directory, which ends with this process."""

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
        """With a port it also listens on 127.0.0.1, without authentication."""
        self._directory = directory.absolute()
        self._cluster = self._directory / CLUSTER
        self._binaries = binaries
        self._durable = durable
        self._port = port
        over_tcp = {"listen_addresses": "127.0.0.1", "port": str(port)} if port else {}
        self._settings = SETTINGS | ({} if durable else NOT_DURABLE) | over_tcp | dict(settings)
        self._resources = ExitStack()

    def start(self) -> str:
        """Start the server, create its database at first use, and return the database's URL.

        Call it from the main thread: the server ends with the thread that started it.
        """
        try:
            with ExitStack() as resources:
                self._start(resources)
                self._resources = resources.pop_all()
        except OSError as error:
            raise PostgresError(f"PostgreSQL cannot use {self._directory}: {error}") from error
        return self.url

    def join(self) -> str:
        """The URL of the server that another process runs on this directory."""
        self.url = self._address(self._resources)
        return self.url

    def stop(self) -> None:
        """Stop the server without waiting for its clients. Can be called twice."""
        self._resources.close()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, resources: ExitStack) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = resources.enter_context(lock(self._directory, OWNER, LOCK_TIMEOUT, pid_file=OWNER))
        owner.truncate(0)
        owner.write(b"%d\n" % os.getpid())
        # The server of a killed service may still be ending.
        with lock(self._directory, LOG, STOP_TIMEOUT, pid_file=f"{CLUSTER}/postmaster.pid") as log:
            programs = Programs.choose(self._directory, self._binaries, log)
            if not self._cluster.exists():
                create(self._directory, programs, durable=self._durable, tcp=bool(self._port))
            options = [f"--{name}={value}" for name, value in self._settings.items()]
            self.process = programs.spawn("postgres", *options, data=self._cluster)
            resources.callback(_end, self.process)
            self._wait_until_ready(programs)
        self.url = self._address(resources)

    def _wait_until_ready(self, programs: Programs) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(FileNotFoundError):
                words = (self._cluster / "postmaster.pid").read_text().split()
                if words[:1] == [str(self.pid)] and words[-1] == "ready":
                    return
            time.sleep(0.01)
        raise PostgresError(
            f"PostgreSQL did not start on {self._directory}:\n{programs.log_tail()}"
        )

    def _address(self, resources: ExitStack) -> str:
        """The URL, through a short symbolic link where the path is too long for a socket."""
        if self._port:
            return f"postgresql://{NAME}@127.0.0.1:{self._port}/{NAME}"
        folder = self._cluster
        if len(os.fsencode(folder / ".s.PGSQL.5432")) > MAX_SOCKET_PATH:
            short = resources.enter_context(tempfile.TemporaryDirectory(prefix="todo-", dir="/tmp"))
            folder = Path(short, CLUSTER)
            folder.symlink_to(self._cluster)
        return f"postgresql://{NAME}@/{NAME}?host={quote(os.fsencode(folder))}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
