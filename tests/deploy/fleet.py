"""haproxy, three replicas, PgBouncer, PostgreSQL with a standby: a deployment on one machine."""

import shutil
import signal
import sys
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from string import Template
from typing import Self

from embedded.account import account_for
from embedded.cluster import NAME
from tests.deploy.processes import SERVICE, Process, account_of_service
from tests.deploy.replication import Databases
from tests.support.program import eventually, free_port
from tests.support.programs import find_program

DEPLOY = Path(__file__).parents[2] / "deploy"
REPLICAS = ("one", "two", "three")  # as haproxy.cfg names them
CONNECTIONS = 20  # of each replica to the pooler
START_TIMEOUT = 20  # seconds


class Fleet:
    """The deployment on loopback, as a context manager."""

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        """`settings` are those of the service, without its database and address."""
        self.directory = directory
        self.databases = Databases(directory)
        self.ports = {name: free_port() for name in ("pooler", "front", "operator", *REPLICAS)}
        self.url = f"http://127.0.0.1:{self.ports['front']}"
        self.pooler = self._program("pgbouncer", directory / "pgbouncer.ini")
        shutil.copy(DEPLOY / "haproxy.cfg", directory)
        self.front = self._program("haproxy", "-db", "-f", directory / "haproxy.cfg")
        self.account = account_of_service()
        self.replicas = {name: self._replica(name, settings) for name in REPLICAS}
        self._held = ExitStack()

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
        """The number of replicas that get requests."""
        with suppress(OSError):
            url = f"http://127.0.0.1:{self.ports['operator']}/ready"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return int(answer.read())
        return 0

    def wait_until_ready(self) -> None:
        """Wait until all replicas get requests."""
        if not eventually(lambda: self.ready() == len(REPLICAS), START_TIMEOUT):
            logs = [path.read_text(errors="replace") for path in self.directory.glob("*.log")]
            raise AssertionError("the fleet is not ready:\n" + "\n".join(logs)[-3000:])

    def fail_over(self) -> None:
        """Promote the standby and point the pooler at it."""
        self.databases.promote()
        self._point_pooler_at(self.databases.standby.url)
        self.pooler.send(signal.SIGHUP)

    def _point_pooler_at(self, url: str) -> None:
        primary = url.partition("@")[2].partition("/")[0].partition(":")[2]
        text = Template((DEPLOY / "pgbouncer.ini").read_text())
        values = {"PRIMARY": primary, "POOLER": str(self.ports["pooler"])}
        (self.directory / "pgbouncer.ini").write_text(text.substitute(values))

    def _program(self, name: str, *arguments: str | Path) -> Process:
        environment = {each.upper(): str(port) for each, port in self.ports.items()}
        return Process(
            [find_program(name), *arguments],
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
