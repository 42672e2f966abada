"""The embedded PostgreSQL: its life and its data, on real servers run by whoever runs the tests."""

import os
import socket
import time
from pathlib import Path

import pytest

from core.database import dsn
from embedded import Postgres, PostgresError, find_binaries
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import major, version
from tests.support.postgres import data_directory, query

directory = pytest.fixture(data_directory)


@pytest.fixture(params=["system", "wheel"])
def binaries(request: pytest.FixtureRequest) -> Path:
    folders = folders_of_system() if request.param == "system" else folders_of_wheel()
    found = next(filter(version, folders), None)
    if not found:
        pytest.skip(f"no PostgreSQL of the {request.param}'s")
    return found


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
