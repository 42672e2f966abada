"""The fleet: databases, a pooler, replicas of the service and a front, one behind the other."""

import os
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from string import Template
from typing import Self

from deploy.fleet.databases import Databases
from deploy.fleet.processes import SERVICE, Process, account_of_service
from embedded.account import account_for
from embedded.cluster import NAME
from loadtests.processes import CannotRun, free_port

HERE = Path(__file__).parent
REPLICAS = ("one", "two", "three")  # as haproxy.cfg names them
CONNECTIONS = 20  # of each replica to the pooler
LONGEST_START = 20  # seconds


class Fleet:
    """All of it on this machine's loopback interface, from `with` to the end of its block."""

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        """`settings` are the service's own, but for its database and its address."""
        self.directory = directory
        self.databases = Databases(directory)
        self.ports = {name: free_port() for name in ("pooler", "front", "operator", *REPLICAS)}
        self.url = f"http://127.0.0.1:{self.ports['front']}"
        self.pooler = self._program("pgbouncer", directory / "pgbouncer.ini")
        shutil.copy(HERE / "haproxy.cfg", directory)  # to where its account can read it
        self.front = self._program("haproxy", "-db", "-f", directory / "haproxy.cfg")
        self.account = account_of_service()
        self.replicas = {name: self._replica(name, settings) for name in REPLICAS}
        self._held = ExitStack()

    @property
    def logs(self) -> list[Path]:
        """What the replicas say."""
        return [replica.log for replica in self.replicas.values()]

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self.databases)
            self._point_pooler_at(self.databases.primary.url)
            for process in (self.pooler, *self.replicas.values(), self.front):
                held.callback(process.stop)
                process.start()
            self.wait_until_ready()
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def ready(self) -> int:
        """How many replicas the front sends requests to."""
        with suppress(OSError):
            url = f"http://127.0.0.1:{self.ports['operator']}/ready"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return int(answer.read())
        return 0

    def wait_until_ready(self) -> None:
        """Come back when it sends requests to all of them. Raises CannotRun."""
        if not eventually(lambda: self.ready() == len(REPLICAS), LONGEST_START):
            words = [path.read_text(errors="replace") for path in self.directory.glob("*.log")]
            raise CannotRun("the fleet is not ready:\n" + "\n".join(words)[-3000:])

    def fail_over(self) -> None:
        """What an operator, or their failover manager, does when the primary is gone."""
        self.databases.promote()
        self._point_pooler_at(self.databases.standby.url)
        self.pooler.send(signal.SIGHUP)

    def _point_pooler_at(self, url: str) -> None:
        primary = url.partition("@")[2].partition("/")[0].partition(":")[2]
        text = Template((HERE / "pgbouncer.ini").read_text())
        values = {"PRIMARY": primary, "POOLER": str(self.ports["pooler"])}
        (self.directory / "pgbouncer.ini").write_text(text.substitute(values))

    def _program(self, name: str, *arguments: str | Path) -> Process:
        environment = {each.upper(): str(port) for each, port in self.ports.items()}
        return Process(
            [find(name), *arguments],
            self.directory / f"{name}.log",
            environment=environment,
            account=account_for(None),
        )

    def _replica(self, name: str, settings: dict[str, str]) -> Process:
        database_url = f"postgresql://{NAME}@127.0.0.1:{self.ports['pooler']}/{NAME}?pgbouncer=true"
        return Process(
            [sys.executable, SERVICE],
            self.directory / f"{name}.log",
            environment={
                "DATABASE_URL": database_url,
                "PORT": str(self.ports[name]),
                "DB_POOL_SIZE": str(CONNECTIONS),
                "LOG_FORMAT": "json",
                **settings,
            },
            account=self.account,
        )


def find(program: str) -> str:
    """Where a program of the distribution is. Raises CannotRun."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise CannotRun(f"needs {program}: apt install {program}")
    return found


def eventually(look: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
