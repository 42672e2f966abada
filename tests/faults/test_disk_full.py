"""The disk of PostgreSQL is full: writes are refused, reads go on, and with room all is well."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from embedded import Postgres
from tests.support.load import Load, first_success
from tests.support.postgres import system_binaries
from tests.support.program import Program, eventually, free_port, reason
from tests.support.sql import Sql, new_database

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = (500, "Service temporarily unavailable")
LONGEST = 10.0
Figure = Callable[[str, object], None]

pytestmark = pytest.mark.slow


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", place]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk, and not in every container")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no room on a disk for a while."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        ballast.unlink()


def serve(directory: Path) -> Postgres:
    small = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
    return Postgres(directory, binaries=system_binaries(), port=free_port(), settings=small)


def use_up_the_log(server: Postgres) -> None:
    """Have PostgreSQL go on to new files of its log, until it dies of it."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError), Sql(server.url) as sql:
        for _ in range(100):
            sql.value("SELECT pg_switch_wal()")
            time.sleep(0.05)
    assert eventually(lambda: server.process.poll() is not None)


def judge(name: str, load: Load, sql: Sql, figure: Figure, began: float, room: float) -> None:
    """`began`: when the disk was full; `room`: when PostgreSQL had room and took connections."""
    lost, twice = load.lost(sql), load.twice(sql)
    back = first_success([each for each in load.since(room) if each.method == "POST"]) - room
    longest = max(each.seconds for each in load.outcomes)
    reads = [each for each in load.outcomes if each.method == "GET"]
    figure(
        name,
        f"{load.statuses()[AWAY]} of {len(load.outcomes)} requests refused, of "
        f"{len(reads)} reads {sum(each.status != 200 for each in reads)}; longest {longest:.2f} s, "
        f"first write {back:.3f} s after there was room, acknowledged writes lost {len(lost)} of "
        f"{load.acknowledged}, done twice {len(twice)}",
    )
    assert (lost, twice) == ([], [])
    assert (500, AWAY[1]) in {(each.status, each.said) for each in load.since(began)}
    assert set(load.statuses()) <= GOOD | {AWAY}
    assert {(each.status, each.said) for each in load.since(room + 1)} <= GOOD
    assert back < 1
    assert longest < LONGEST


def test_without_room_for_tables_writes_are_refused_and_reads_go_on(
    start: Callable[..., Program], open_directory: Path, figure: Figure
) -> None:
    with small_disk(open_directory / "small", 8) as disk, serve(open_directory / "full") as server:
        url = new_database(server.url)
        service = start(url)
        with Sql(url) as sql:
            place = disk / "tables"
            place.mkdir(mode=0o700)
            owner = Path(f"/proc/{server.pid}").stat()
            os.chown(place, owner.st_uid, owner.st_gid)
            sql.script(f"CREATE TABLESPACE small LOCATION '{place}'")
            sql.script("ALTER TABLE tasks SET TABLESPACE small")
            with Load(service.url, writers=8, readers=4, pause=0.01) as load:
                assert eventually(lambda: load.acknowledged > 100, seconds=20)
                with full(disk):
                    began = time.monotonic()
                    # Rows first fill the pages that the table has already.
                    assert eventually(lambda: load.statuses()[AWAY] > 0, seconds=60)
                    time.sleep(1)
                room = time.monotonic()
                time.sleep(2)
            service.stop()
            judge("no room for tables", load, sql, figure, began, room)
            failures = [each for each in service.records() if each["level"] == "error"]
            assert {reason(record) for record in failures} == {"DiskFullError"}
            assert {each.status for each in load.outcomes if each.method == "GET"} == {200}


def test_without_room_for_the_log_nothing_acknowledged_is_lost(
    start: Callable[..., Program], open_directory: Path, figure: Figure
) -> None:
    with small_disk(open_directory / "whole", 128) as disk, serve(disk) as server:
        service = start(server.url)
        with Load(service.url, writers=8, readers=4, pause=0.01) as load:
            assert eventually(lambda: load.acknowledged > 100, seconds=20)
            with full(disk):
                began = time.monotonic()
                use_up_the_log(server)
                time.sleep(3)
            server.stop()
            server.start()
            room = time.monotonic()
            time.sleep(2)
        service.stop()
        with Sql(server.url) as sql:
            judge("no room for the log", load, sql, figure, began, room)
