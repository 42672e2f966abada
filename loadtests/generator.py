"""The load generator: Locust in a process of its own, so that its work does not hold up ours."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from loadtests.connections import Watch
from loadtests.processes import CannotRun, Child
from loadtests.promises import Promise
from loadtests.results import Results
from loadtests.target import Target
from loadtests.verdicts import CONNECTIONS

REPOSITORY = Path(__file__).resolve().parents[1]
LOCUSTFILE = "loadtests/locustfile.py"
HEAD_START = 1.5  # seconds until everybody is there
LONGEST_END = 30  # seconds beyond the load's own time, for its start and its end
TICK = 0.1


def generate(
    promise: Promise, target: Target, people: Path, seconds: int, tell: Callable[[float], None]
) -> Results:
    """Put the load on the target; `tell` hears how many seconds have passed.

    Raises CannotRun.
    """
    results = people.with_name(f"{promise.name}.json")
    command = _command(promise, target.url, people, results, seconds)
    with ExitStack() as held:
        locust = held.enter_context(
            Child(command, results.with_suffix(".log"), directory=REPOSITORY)
        )
        watch = None
        if promise.watched and target.database_url:
            watch = held.enter_context(Watch(target.database_url, CONNECTIONS))
        begin = time.monotonic()
        while locust.running():
            passed = time.monotonic() - begin
            if passed > seconds + LONGEST_END:
                raise CannotRun(f"Locust does not come to an end:\n{locust.last_words()}")
            tell(passed)
            if watch and HEAD_START < passed < seconds:
                watch.look()
            time.sleep(TICK)
        if not results.exists():
            raise CannotRun(f"Locust failed:\n{locust.last_words()}")
        found = Results.read(results)
        return replace(found, in_use=watch.in_use) if watch else found


def _command(
    promise: Promise, url: str, people: Path, results: Path, seconds: int
) -> list[str | Path]:
    files = [LOCUSTFILE, *([f"loadtests/shapes/{promise.shape}.py"] if promise.shape else [])]
    return [
        *(sys.executable, "-m", "locust", "-f", ",".join(files), *promise.users),
        *("--headless", "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "15"),
        *("--host", url, "--users", str(promise.count), "--spawn-rate", str(promise.count)),
        *("--run-time", f"{seconds}s", "--people", people, "--results", results),
    ]
