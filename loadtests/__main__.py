"""The command line: `python -m loadtests`."""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

from core import __version__
from loadtests import people, progress, report, target
from loadtests.generator import generate
from loadtests.processes import CannotRun
from loadtests.promises import PROMISES, Promise
from loadtests.report import Line
from loadtests.results import Results
from loadtests.target import Target
from loadtests.verdicts import Limits

SECONDS, QUICK = 14, 3
REPORT = Path("loadtests/report.html")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOTES = """
Without --host it starts the service of this repository on a PostgreSQL of its own and throws both
away; settings of the environment (WEB_CONCURRENCY, PLUGINS, DB_POOL_SIZE, …) reach the service.

With --host it measures a running service. It signs up twelve people there, whose tasks it deletes
at the end; the accounts stay. It needs no secret. For SC-008 it also needs --database: there it
locks the table of tasks for a second at a time, as no service for real people should be treated.

exit status: 0 all promises held, 1 some are broken, 2 it could not be measured
"""


def main() -> int:
    """Try the promises, tell what became of them."""
    options = _options()
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with _target(options) as service:
            results = _measure(service, options.only, options.seconds)
    except CannotRun as error:
        progress.tell("")
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    lines = _judge(results, Limits(p95=options.p95))
    print(report.table(lines))  # noqa: T201
    try:
        options.report.write_text(report.html(lines, _facts(options)))
    except OSError as error:
        print(f"error: no report: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return int(any(line.verdict.held is False for line in lines))


def _stop(number: int, _: object) -> NoReturn:
    """Put everything away, whoever is impatient meanwhile."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _options() -> argparse.Namespace:
    names = ", ".join(f"{each.name} ({each.text})" for each in PROMISES)
    parser = argparse.ArgumentParser(
        prog="python -m loadtests",
        description="Puts load on the service and tells which of its promises it holds.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", metavar="URL", help="a running service (default: start one and throw it away)")
    add("--database", metavar="URL", default="", help="with --host: its database, for SC-008")
    add("--seconds", type=int, default=SECONDS, help=f"of each load (default: {SECONDS})")
    add("--quick", action="store_const", dest="seconds", const=QUICK, help=f"--seconds {QUICK}")
    add("--only", type=_promises, metavar="NAMES", help=f"some of: {names}")
    add(
        "--p95",
        type=float,
        default=Limits.p95,
        metavar="MS",
        help="limit of the p95s (default: %(default)s)",
    )
    add("--report", type=Path, default=REPORT, metavar="FILE", help="(default: %(default)s)")
    options = parser.parse_args()
    options.only = options.only or [each for each in PROMISES if each.usual]
    return options


def _promises(names: str) -> list[Promise]:
    known = {each.name.lower(): each for each in PROMISES}
    try:
        return [known[name.strip().lower()] for name in names.split(",")]
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"there is no promise {error}") from error


def _target(options: argparse.Namespace) -> AbstractContextManager[Target]:
    progress.tell("preparing people and tasks")
    if options.host:
        return target.elsewhere(options.host, options.database)
    return target.throwaway()


def _measure(service: Target, chosen: Sequence[Promise], seconds: int) -> dict[Promise, Results]:
    results = {}
    with tempfile.TemporaryDirectory(prefix="todo-load-") as folder:
        file = Path(folder, "people.json")
        people.save(service.people, file)
        for number, promise in enumerate(chosen, 1):
            title = f"{number} of {len(chosen)}: {promise.name}, {promise.text}"

            def tell(passed: float, title: str = title) -> None:
                progress.tell(title, f", {min(passed, seconds):.0f} of {seconds} s")

            results[promise] = generate(promise, service, file, seconds, tell)
    progress.tell("")
    return results


def _judge(results: dict[Promise, Results], limits: Limits) -> list[Line]:
    everything = sum(results.values(), Results([], {}))
    return [
        Line(
            promise,
            promise.threshold.format(p95=limits.p95),
            promise.judge(everything if promise.everywhere else found, limits),
            found,
        )
        for promise, found in results.items()
    ]


def _facts(options: argparse.Namespace) -> str:
    what = options.host or f"version {__version__}, started for this"
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {what}; {options.seconds} s of each load; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    sys.exit(main())
