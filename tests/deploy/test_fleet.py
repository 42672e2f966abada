"""The fleet of deploy/fleet: what it promises is held, and nothing of it is left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded.binaries import folders_of_system
from tests.support.postgres import has_ended
from tests.support.program import eventually

ROOT = Path(__file__).parents[2]
PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
ABSENT = [name for name in ("haproxy", "pgbouncer", "setpriv") if not shutil.which(name, path=PATH)]
if not any((folder / "pg_basebackup").exists() for folder in folders_of_system()):
    ABSENT.append("PostgreSQL of the system, with pg_basebackup")
LONGEST = 500  # seconds
PROMISES = 15  # lines of the table
Launch = Callable[..., subprocess.Popen[str]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"needs {', '.join(ABSENT)}"),
]


@pytest.fixture
def folder(open_directory: Path) -> Iterator[Path]:
    """Where a fleet has its files; PostgreSQL's account must be able to reach it."""
    folder = open_directory / "fleet"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def launch(folder: Path) -> Iterator[Launch]:
    """Launch a fleet; it is killed with the test at the latest."""
    launched: list[subprocess.Popen[str]] = []

    def launch_one(*arguments: str) -> subprocess.Popen[str]:
        launched.append(
            subprocess.Popen(
                [sys.executable, "-m", "deploy.fleet", *arguments],
                cwd=ROOT,
                env=os.environ | {"TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return launched[-1]

    yield launch_one
    for process in launched:
        process.kill()
        process.communicate()


def test_a_fleet_holds_what_is_promised(
    launch: Launch, folder: Path, figure: Callable[[str, object], None]
) -> None:
    fleet = launch()
    table, words = fleet.communicate(timeout=LONGEST)
    rows = [re.split(r"  +", line) for line in table.splitlines()[1:]]
    for what, _, measured, _ in rows:
        figure(f"fleet, {what}", measured)
    assert (fleet.returncode, [row for row in rows if row[-1] != "yes"]) == (0, []), words
    assert len(rows) == PROMISES
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_nothing_goes_on(
    launch: Launch, folder: Path, number: signal.Signals
) -> None:
    fleet = launch("--only", "contract")
    assert fleet.stderr
    assert "behind http://127.0.0.1:" in fleet.stderr.readline()
    programs = descendants(fleet.pid)
    assert len(programs) > 7  # two PostgreSQL, PgBouncer, three replicas, haproxy and more
    fleet.send_signal(number)
    assert fleet.wait(30) != 0
    assert eventually(lambda: [pid for pid in programs if not has_ended(pid)] == [], 20)
    if number != signal.SIGKILL:
        assert list(folder.iterdir()) == []


def descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    return children + [each for child in children for each in descendants(child)]
