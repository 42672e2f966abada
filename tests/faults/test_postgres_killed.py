"""PostgreSQL falls under load and comes back: nothing acknowledged is lost, and we are back too."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from embedded import Postgres
from tests.support.load import Load, first_success
from tests.support.postgres import system_binaries
from tests.support.program import Program, eventually, free_port
from tests.support.sql import Sql

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = (500, "Service temporarily unavailable")
LONGEST = 10.0
ROUNDS = 3


@pytest.fixture
def server(open_directory: Path) -> Iterator[Postgres]:
    """A server of our own that keeps what it has acknowledged."""
    directory = open_directory / f"killed-{free_port()}"
    binaries = system_binaries()
    with Postgres(directory, binaries=binaries, durable=True, port=free_port()) as server:
        yield server


def all_killed(server: Postgres) -> None:
    """End all its processes with SIGKILL: the first is held so that it cannot tell the others."""
    server.process.send_signal(signal.SIGSTOP)
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for pid in children:
        os.kill(int(pid), signal.SIGKILL)
    server.process.kill()
    server.process.wait()
    server.stop()


def immediate_stop(server: Postgres) -> None:
    """What `pg_ctl stop -m immediate` does."""
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait()
    server.stop()


def one_backend_killed(server: Postgres) -> None:
    """End one that works for us with SIGKILL: PostgreSQL drops all connections and recovers."""
    with Sql(server.url) as sql:
        ours = "SELECT pid FROM pg_stat_activity WHERE application_name = 'todo' LIMIT 1"
        os.kill(sql.value(ours), signal.SIGKILL)
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            sql.value("SELECT pg_sleep(10)")
            raise AssertionError("PostgreSQL took no notice")


def accepting(server: Postgres) -> float:
    """When it took a connection again, by `time.monotonic()`."""
    if server.process.poll() is not None:
        server.start()

    def connect() -> bool:
        with suppress(asyncpg.PostgresError, OSError), Sql(server.url):
            return True
        return False

    assert eventually(connect, seconds=30)
    return time.monotonic()


def at_work(load: Load) -> None:
    enough = load.acknowledged + 100
    assert eventually(lambda: load.acknowledged > enough, seconds=LONGEST)


@pytest.mark.slow
@pytest.mark.parametrize("fall", [all_killed, immediate_stop, one_backend_killed])
def test_nothing_acknowledged_is_lost_and_the_service_is_back_within_a_second(
    start: Callable[..., Program],
    server: Postgres,
    figure: Callable[[str, object], None],
    fall: Callable[[Postgres], None],
) -> None:
    service = start(server.url)
    pid, back = service.pid, []
    with Load(service.url, writers=12, readers=4, pause=0.01) as load:
        for _ in range(ROUNDS):
            at_work(load)
            fall(server)
            gone = time.monotonic()
            returned = accepting(server)
            time.sleep(1.5)
            back.append(first_success(load.since(gone)) - returned)
            assert {(each.status, each.said) for each in load.since(returned + 1)} <= GOOD
    assert service.running()
    assert service.pid == pid
    service.stop()
    with Sql(server.url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    longest = max(each.seconds for each in load.outcomes)
    figure(
        f"PostgreSQL killed under load ({fall.__name__}, {ROUNDS} times)",
        f"acknowledged writes lost {len(lost)} of {load.acknowledged}, created twice {len(twice)}, "
        f"first 2xx {max(back):.3f} s after its return, longest request {longest:.2f} s, "
        f"{load.statuses()[AWAY]} of {len(load.outcomes)} requests refused",
    )
    assert (lost, twice) == ([], [])
    assert AWAY in load.statuses()
    assert set(load.statuses()) <= GOOD | {AWAY}
    assert max(back) < 1
    assert longest < LONGEST
