"""NO_SKIPS, which .ci/run sets: a skip fails, but for the few that are allowed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.skips import is_allowed

ENVIRONMENT = {
    "PYTHONPATH": str(Path(__file__).parents[2]),
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "",
}
OPTIONS = ("-q", "-c", os.devnull, "--rootdir=.", "--continue-on-collection-errors")
TESTS = """
import pytest

def test_in_its_course():
    pytest.skip("nothing to try it with")

@pytest.mark.skipif(True, reason="not here")
def test_from_the_start():
    pass

@pytest.fixture
def needed():
    pytest.skip("nothing to set up")

def test_by_a_fixture(needed):
    pass

@pytest.mark.xfail(strict=True)
def test_expected_to_fail():
    assert False
"""
MODULE = 'import pytest; pytest.skip("no such library", allow_module_level=True)'


def summary(directory: Path, no_skips: str) -> tuple[int, str]:
    """The exit status and last line of pytest on these tests, with this repository's plugin."""
    (directory / "test_them.py").write_text(TESTS)
    (directory / "test_module.py").write_text(MODULE)
    (directory / "conftest.py").write_text(
        "from tests.support import skips\npytest_configure = skips.forbid"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, "."],
        cwd=directory,
        env=os.environ | ENVIRONMENT | {"NO_SKIPS": no_skips},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()[-1].partition(" in ")[0]


def test_a_skip_fails_where_it_is_set(tmp_path: Path) -> None:
    assert summary(tmp_path, "1") == (1, "1 failed, 1 xfailed, 3 errors")


def test_a_skip_is_one_where_it_is_not_set(tmp_path: Path) -> None:
    assert summary(tmp_path, "") == (0, "4 skipped, 1 xfailed")


@pytest.mark.parametrize(
    ("test", "reason", "allowed"),
    [
        ("test_nginx_contract.py::test_x[y]", "Skipped: nginx refuses this by itself", True),
        ("test_nginx_contract.py::test_x[y]", "Skipped: needs nginx", False),
        ("test_nginx.py::test_x", "Skipped: nginx refuses this by itself", False),
        ("test_unit.py::test_x", "Skipped: systemd runs this machine, and its control…", True),
        ("test_unit.py::test_x", "Skipped: needs the right to mount (root)", False),
    ],
)
def test_few_are_allowed(test: str, reason: str, allowed: bool) -> None:
    assert is_allowed(f"tests/deploy/{test}", reason) is allowed
