"""The embedded PostgreSQL: its settings, its data directory, its programs."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from core.database import dsn
from embedded import Postgres, PostgresError, find_binaries
from embedded.account import account_for
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import major, version
from tests.support.postgres import query

KINDS = {"system": folders_of_system, "wheel": folders_of_wheel}
ENVIRONMENT = ("PGDATA", "PGPORT", "PGOPTIONS", "PGTZ", "TZ", "LANG", "LC_ALL", "PGUSER")
EXPECTED = {
    **{f"SHOW {name}": "on" for name in ("data_checksums", "fsync", "full_page_writes")},
    "SHOW synchronous_commit": "on",
    "SHOW listen_addresses": "",
    "SHOW server_encoding": "UTF8",
    "SHOW TimeZone": "UTC",
    "SHOW work_mem": "3MB",
    "SELECT lower('Ä')": "ä",
    "SELECT 'Z' < 'a' AND 'z' < 'ä'": True,
    "SELECT (timestamptz '2026-07-01 10:00Z' AT TIME ZONE 'Europe/Vienna')::text": (
        "2026-07-01 12:00:00"
    ),
}


@pytest.fixture(params=["default", *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS)])
def binaries(request: pytest.FixtureRequest) -> Path:
    """The programs that the service runs, and with the slow tests those of each kind."""
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
        assert {text: query(server.url, text)[0] for text in EXPECTED} == EXPECTED
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert directory.stat().st_mode & 0o777 == 0o700
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
def test_port_in_use_is_refused(directory: Path) -> None:
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


@pytest.mark.slow
def test_start_after_a_power_cut(directory: Path) -> None:
    """The process id in the files that it leaves may since be that of another program."""
    with Postgres(directory) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
    uid, gid, groups = account_for(directory)
    other = subprocess.Popen(["sleep", "60"], user=uid, group=gid, extra_groups=groups)
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            left = directory / "cluster" / name
            left.write_text(left.read_text().replace(str(server.pid), str(other.pid), 1))
        with server:
            assert query(server.url, "SELECT one FROM kept") == [1]
    finally:
        other.kill()
        other.wait()


def test_programs_of_the_version_of_the_data_are_chosen(directory: Path, binaries: Path) -> None:
    data = directory / "cluster/PG_VERSION"
    data.parent.mkdir(parents=True)
    installed = major(version(binaries) or "")
    data.write_text(f"{installed}\n")
    assert major(version(find_binaries(directory)) or "") == installed
    data.write_text("11\n")
    with pytest.raises(PostgresError, match="holds data of PostgreSQL 11, which is not installed"):
        Postgres(directory).start()
