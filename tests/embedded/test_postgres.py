"""The embedded PostgreSQL: its settings, its data directory, its programs."""

import os
import socket
import time
from pathlib import Path

import pytest

from core.database import dsn
from embedded import Postgres, PostgresError, find_binaries
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import major, version
from tests.support.postgres import query

KINDS = {"system": folders_of_system, "wheel": folders_of_wheel}
ENVIRONMENT = ("PGDATA", "PGPORT", "PGOPTIONS", "PGTZ", "TZ", "LANG", "LC_ALL", "PGUSER")
SETTINGS = {
    "server_encoding": "UTF8",
    "TimeZone": "UTC",
    "data_checksums": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "work_mem": "3MB",
}
NOON = "SELECT (timestamptz '2026-07-01 10:00Z' AT TIME ZONE 'Europe/Vienna')::text"


@pytest.fixture(params=["default", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS)])
def binaries(request: pytest.FixtureRequest) -> Path:
    """The programs that the service would run, and with the slow tests those of each kind."""
    if request.param == "default":
        return find_binaries()
    found = next(filter(version, KINDS[request.param]()), None)
    assert found, f"there is no PostgreSQL of the {request.param}"
    return found


def test_server_is_durable_and_keeps_its_data(
    directory: Path, binaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "nonsense")
    with Postgres(directory, binaries=binaries, settings={"work_mem": "3MB"}) as server:
        monkeypatch.undo()
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        for name, value in SETTINGS.items():
            assert query(server.url, f"SHOW {name}") == [value], name
        assert query(server.url, "SELECT lower('Ä')") == ["ä"]
        assert query(server.url, "SELECT 'Z' < 'a' AND 'z' < 'ä'") == [True]
        assert query(server.url, NOON) == ["2026-07-01 12:00:00"]
        query(server.url, "CREATE TABLE kept AS SELECT 'ä' AS letter")
    server.stop()  # a second time
    assert server.process.returncode == 0
    assert not (directory / "cluster/.s.PGSQL.5432").exists()
    with Postgres(directory) as server:
        assert query(server.url, "SELECT letter FROM kept") == ["ä"]


def test_directory_in_use_is_refused(directory: Path) -> None:
    with Postgres(directory, durable=False) as first:
        second = Postgres(directory, durable=False)
        begin = time.monotonic()
        with pytest.raises(PostgresError, match=rf"in use by .* \(pid {os.getpid()}\)$"):
            second.start()
        assert time.monotonic() - begin < 2
        second.stop()
        assert query(first.url, "SELECT 1") == [1]


@pytest.mark.slow
def test_server_listens_on_a_port_only_where_one_is_given(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = Postgres(directory, durable=False, port=port)
        with pytest.raises(PostgresError, match=r"did not start on (?s:.*)Address already in use"):
            server.start()
    with server:
        assert server.url == f"postgresql://todo@127.0.0.1:{port}/todo"
        assert query(server.url, "SHOW fsync") == ["off"]


@pytest.mark.slow
def test_path_can_be_long_and_have_special_characters(directory: Path) -> None:
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


def test_programs_of_the_version_of_the_data_are_chosen(directory: Path, binaries: Path) -> None:
    data = directory / "cluster"
    data.mkdir(parents=True)
    installed = major(version(binaries) or "")
    (data / "PG_VERSION").write_text(f"{installed}\n")
    for tests in (True, False):
        assert major(version(find_binaries(directory, tests=tests)) or "") == installed
    (data / "PG_VERSION").write_text("11\n")
    with pytest.raises(PostgresError, match="holds data of PostgreSQL 11, which is not installed"):
        Postgres(directory).start()


def test_tests_can_choose_programs(monkeypatch: pytest.MonkeyPatch, binaries: Path) -> None:
    monkeypatch.setenv("PG_BINDIR", str(binaries))
    assert find_binaries(tests=True) == binaries
    monkeypatch.setenv("PG_BINDIR", "/nowhere")
    with pytest.raises(PostgresError, match="PostgreSQL is not installed here"):
        find_binaries(tests=True)
