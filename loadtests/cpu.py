"""App CPU per request, as a multiple of what a constant answer costs: `python -m loadtests.cpu`.

The service and the constant take turns under the same client, so that a busy or a slow machine
touches both; CPU time counts, of all threads, and not the clock; the median of the rounds judges.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from loadtests import constant
from loadtests.kinds import KINDS, requests_of
from loadtests.processes import Child, free_port
from loadtests.rounds import Round, Summary
from loadtests.target import Target, throwaway

REPOSITORY = Path(__file__).resolve().parents[1]
LIMIT = 8.0
LIMIT_OF_KEYS = 1.15  # one look into the database for each addition makes it 1.3
KEYLESS = "auth,loadtests.keyless,health,docs"
ROUNDS = 7
CONNECTIONS = 32
SERVICE, CONSTANT = 5120, 30720  # requests a round: half a second of CPU, in ticks of 10 ms
KEY_ROUNDS, ADDITIONS = 21, 1280  # more rounds, and shorter ones: a small difference is looked for
WARM_UP = 640
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contender:
    """A server, and the people who ask it."""

    target: Target

    def microseconds(self, kind: str, count: int) -> float:
        """Put so many requests of a kind on it; the CPU time for each."""
        requests = requests_of(kind, self.target.people, min(count, SERVICE))
        client = [sys.executable, "-m", "loadtests.keep_alive"]
        port = urlsplit(self.target.url).port or 80
        numbers = map(str, (port, CONNECTIONS, count))
        before = self._cpu_seconds()
        subprocess.run([*client, *numbers], input=requests, cwd=REPOSITORY, check=True)  # noqa: S603
        return (self._cpu_seconds() - before) / count * 1e6

    def _cpu_seconds(self) -> float:
        """User and system time of all its threads (proc_pid_stat(5))."""
        fields = Path(f"/proc/{self.target.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def measure(kind: str = "list", rounds: int = ROUNDS) -> Iterator[Round]:
    """Start service and constant, let them take turns, stop both. Raises CannotRun."""
    with _service() as service, _constant(service) as bare:
        yield from _turns(kind, rounds, service, bare)


def costs(rounds: int = ROUNDS) -> dict[str, Summary]:
    """All kinds of requests, each beside a constant answer. Raises CannotRun."""
    with _service() as service, _constant(service) as bare:
        return {kind: Summary.of(_turns(kind, rounds, service, bare)) for kind in KINDS}


def price_of_keys(rounds: int = KEY_ROUNDS) -> Iterator[Round]:
    """Additions without an Idempotency-Key, beside a service that knows none. Raises CannotRun."""
    with _service() as service, _service(PLUGINS=KEYLESS) as keyless:
        yield from _turns("add", rounds, service, keyless, (ADDITIONS, ADDITIONS))


def _turns(
    kind: str,
    rounds: int,
    service: Contender,
    other: Contender,
    counts: tuple[int, int] = (SERVICE, CONSTANT),
) -> Iterator[Round]:
    for each in (service, other):
        each.microseconds(kind, WARM_UP)
    for _ in range(rounds):
        yield Round(service.microseconds(kind, counts[0]), other.microseconds(kind, counts[1]))


@contextmanager
def _service(**settings: str) -> Iterator[Contender]:
    with throwaway(WEB_CONCURRENCY="1", LOG_LEVEL="info", **settings) as target:
        yield Contender(target)


@contextmanager
def _constant(like: Contender) -> Iterator[Contender]:
    """Gets the same requests as that one."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="todo-load-")))
        port = free_port()
        log = folder / "constant.log"
        server = held.enter_context(Child(constant.command(port), log, directory=REPOSITORY))
        url = f"http://127.0.0.1:{port}"
        server.wait_for(url)
        yield Contender(Target(url, like.target.people, pid=server.pid))


def main() -> int:
    """Tell every round, and whether the medians are within the limits."""
    held = True
    for text, rounds, limit in (
        ("list / constant", measure(), LIMIT),
        ("add without a key / where there are no keys", price_of_keys(), LIMIT_OF_KEYS),
    ):
        ratios = []
        for each in rounds:
            ratios.append(each.ratio)
            print(f"{each.service:6.0f} µs / {each.other:4.0f} µs = {each.ratio:.2f}")  # noqa: T201
        print(f"{text}: median {median(ratios):.2f}, limit {limit}")  # noqa: T201
        held = held and median(ratios) <= limit
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
