"""The suites of this repository, run through the front of a fleet."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.fleet.fleet import Fleet
from deploy.fleet.table import Line
from loadtests.processes import CannotRun

REPOSITORY = Path(__file__).resolve().parents[2]


def contract(fleet: Fleet) -> Iterator[Line]:
    """The contract's own tests, with the front in place of a service."""
    done = _pytest(fleet)
    measured, held = _summary(done), done.returncode == 0
    if not held:  # some measure time, and all of this shares one machine
        again = _pytest(fleet, "--last-failed")
        measured += f"; those once more: {_summary(again)}"
        held = again.returncode == 0
        _tell(again.stdout[-8000:])
    yield Line("contract suite", "passes", measured, held)


def _pytest(fleet: Fleet, *options: str) -> subprocess.CompletedProcess[str]:
    return _run(
        *("pytest", "-q", "-o", f"cache_dir={fleet.directory / 'cache'}", "tests/contract"),
        f"--service-url={fleet.url}",
        f"--database-url={fleet.databases.primary.url}",
        *(f"--service-log={log}" for log in fleet.logs),
        *options,
    )


def _summary(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.rstrip().rpartition("\n")[2].partition(" in ")[0]


def promises(fleet: Fleet) -> Iterator[Line]:
    """The load scenarios of `make load`, the short way."""
    report = fleet.directory / "report.html"
    options = ("--quick", "--host", fleet.url, "--report", str(report))
    done = _run("loadtests", *options)
    if done.returncode not in {0, 1}:
        raise CannotRun(done.stderr)
    rows = [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()]
    verdicts = [row for row in rows if row[-1] in {"yes", "NO"}]
    for name, promise, threshold, measured, held in verdicts:
        yield Line(f"{name}, {promise}", threshold, measured, held == "yes")
    if not verdicts or done.returncode != 0:
        _tell(done.stdout)
        yield Line("load scenarios", "hold", f"exit status {done.returncode}", held=False)


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )


def _tell(text: str) -> None:
    sys.stderr.write(f"{text.rstrip()}\n")
