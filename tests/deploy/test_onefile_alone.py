"""The one file on a host without Python: every one that is here is hidden from it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from embedded.account import CURRENT
from tests.contract.test_end_to_end import test_two_people_keep_their_lists as keep_lists
from tests.deploy.onefile import Maker, built
from tests.support.program import eventually

pytestmark = pytest.mark.slow
file = pytest.fixture(built, scope="module")

PREFIXES = {Path(each) for each in ("/usr", "/usr/local", sys.base_prefix, sys.prefix)}
PYTHONS = ("bin/python*", "lib/python*", "lib*/libpython*", "lib/*/libpython*")
# Run with the number of things to hide, these, and a command: hides them from it and becomes it.
HIDE = """
for left in $(seq "$0"); do
    if [ -d "$1" ]; then mount -t tmpfs none "$1"
    elif [ -e "$1" ]; then mount --bind /dev/null "$1"; fi
    shift
done
exec "$@"
"""


@pytest.fixture
def without_python() -> tuple[str, ...]:
    """The beginning of a command that runs where there is no Python."""
    found = {path.resolve() for pre in PREFIXES for each in PYTHONS for path in pre.glob(each)}
    hidden = sorted(str(path) for path in found if path.exists())
    command = ("unshare", "--mount", "sh", "-euc", HIDE, str(len(hidden)), *hidden)
    if os.geteuid() != 0 or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("not root, or root that may not mount")
    return command


@pytest.fixture
def make(file: Path, open_directory: Path) -> Iterator[Maker]:
    with Maker(file, open_directory) as maker:
        yield maker


def test_there_is_no_python_where_it_is_tried(without_python: tuple[str, ...]) -> None:
    for program in ("python3", "/usr/bin/python3", sys.executable):
        command = [*without_python, "sh", "-c", f"{program} -c 'print(1)'"]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode in {126, 127}, program
        assert done.stdout == b""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_without_python(
    make: Maker, without_python: tuple[str, ...], workers: str
) -> None:
    arguments = ("--embedded", "--workers", workers)
    with make(*arguments, account=CURRENT, through=without_python) as program:
        with httpx.Client(base_url=program.url, timeout=20) as http:
            keep_lists(http)
            assert http.get("/docs").status_code == 200
        assert program.stop() == 0
    assert eventually(lambda: not program.processes())
