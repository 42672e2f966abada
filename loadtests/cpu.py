"""App CPU per request, as a multiple of what a constant answer costs: `python -m loadtests.cpu`.

The service and the constant take turns under the same client, so that a busy or a slow machine
touches both; CPU time counts, of all threads, and not the clock; the median of the rounds judges.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from loadtests import constant
from loadtests.processes import Child, free_port
from loadtests.target import throwaway

REPOSITORY = Path(__file__).resolve().parents[1]
LIMIT = 8.0
ROUNDS = 7
CONNECTIONS = 32
SERVICE, CONSTANT = 5120, 30720  # requests a round: half a second of CPU, in ticks of 10 ms
REQUEST = "GET /api/tasks HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n\r\n"
WARM_UP = 640
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contender:
    """A server, and the requests that it gets."""

    pid: int
    port: int
    requests: bytes

    def microseconds(self, count: int) -> float:
        """Put so many requests on it; the CPU time for each."""
        before = self._cpu_seconds()
        client = [sys.executable, "-m", "loadtests.keep_alive"]
        numbers = map(str, (self.port, CONNECTIONS, count))
        subprocess.run([*client, *numbers], input=self.requests, cwd=REPOSITORY, check=True)  # noqa: S603
        return (self._cpu_seconds() - before) / count * 1e6

    def _cpu_seconds(self) -> float:
        """User and system time of all its threads (proc_pid_stat(5))."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


@dataclass(frozen=True)
class Round:
    """Microseconds of CPU for a request."""

    service: float
    constant: float

    @property
    def ratio(self) -> float:
        """How many times a constant answer."""
        return self.service / self.constant


def measure(rounds: int = ROUNDS) -> Iterator[Round]:
    """Start both, let them take turns, stop both. Raises CannotRun."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="todo-load-")))
        target = held.enter_context(throwaway(WEB_CONCURRENCY="1", LOG_LEVEL="info"))
        requests = "".join(REQUEST.format(each.token) for each in target.people).encode()
        port = free_port()
        ceiling = Child(constant.command(port), folder / "constant.log", directory=REPOSITORY)
        held.enter_context(ceiling)
        ceiling.wait_for(f"http://127.0.0.1:{port}")
        service = Contender(target.pid, urlsplit(target.url).port or 80, requests)
        bare = Contender(ceiling.pid, port, requests)
        for each in (service, bare):
            each.microseconds(WARM_UP)
        for _ in range(rounds):
            yield Round(service.microseconds(SERVICE), bare.microseconds(CONSTANT))


def main() -> int:
    """Tell every round, and whether the median is within the limit."""
    ratios = []
    for each in measure():
        ratios.append(each.ratio)
        print(f"{each.service:6.0f} µs / {each.constant:4.0f} µs = {each.ratio:.2f}")  # noqa: T201
    print(f"median {median(ratios):.2f}, limit {LIMIT}")  # noqa: T201
    return int(median(ratios) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
