"""The command line: `python -m deploy.fleet`."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.fleet import faults, suites
from deploy.fleet.fleet import REPLICAS, Fleet
from deploy.fleet.table import Line, table
from embedded import PostgresError
from loadtests.processes import CannotRun
from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.support.tokens import SECRET

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SCENES: dict[str, Callable[[Fleet], Iterator[Line]]] = {
    "contract": suites.contract,
    "load": suites.promises,
    "restart": faults.rolling_restart,
    "replica": faults.killed_replicas,
    "primary": faults.killed_primary,  # the last: its standby is used up then
}


def main() -> int:
    """Start a fleet, put it to the test, tell what became of it; 0 only if all was held."""
    options = _options()
    for number in SIGNALS:
        signal.signal(number, _stop)
    lines: list[Line] = []
    try:
        with _fleet() as fleet:
            _tell(f"{len(REPLICAS)} replicas behind {fleet.url}")
            for name in (each for each in SCENES if each in options.only):
                _tell(f"{name}: {SCENES[name].__doc__}")
                lines += SCENES[name](fleet)
    except (CannotRun, PostgresError) as error:
        _tell(f"error: {error}")
        return 2
    print(table(lines))  # noqa: T201
    return int(not all(line.held for line in lines))


@contextmanager
def _fleet() -> Iterator[Fleet]:
    """A fleet in a temporary directory, of which nothing is left."""
    directory = Path(tempfile.mkdtemp(prefix="todo-fleet-"))
    directory.chmod(0o755)  # for the accounts that programs run as
    try:
        origins = f"{FRONTEND}, {SECOND_FRONTEND}"
        with Fleet(directory, {"BETTER_AUTH_SECRET": SECRET, "FRONTEND_URL": origins}) as fleet:
            yield fleet
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _stop(number: int, _: object) -> None:
    """Put everything away, whoever is impatient meanwhile."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.fleet",
        description="Starts a fleet on this machine, puts it to the test, and ends it.",
        epilog="exit status: 0 all was held, 1 something was not, 2 it could not be tried",
    )
    parser.add_argument(
        "--only", nargs="+", choices=SCENES, default=[*SCENES], help="some scenes (default: all)"
    )
    return parser.parse_args()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
