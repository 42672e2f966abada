"""Faults of a database behind PgBouncer: locks, a frozen network, killed processes."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.database.conftest import SERVERS, Pooled
from tests.support import expect
from tests.support.load import Load, first_success
from tests.support.program import Program, eventually
from tests.support.sql import Sql

UNAVAILABLE = "Service temporarily unavailable"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""

pytestmark = pytest.mark.slow


def send(pooled: Pooled, threads: ThreadPoolExecutor, each: int) -> list[Future[float]]:
    """Send so many reads and as many writes; the seconds after which each got its 500."""

    def seconds_to_500(method: str, **options: object) -> float:
        begin = time.monotonic()
        expect.error(pooled.user.call(method, "/api/tasks", **options), 500, UNAVAILABLE)
        return time.monotonic() - begin

    reads = [threads.submit(seconds_to_500, "GET") for _ in range(each)]
    body = {"title": "a"}
    return reads + [threads.submit(seconds_to_500, "POST", json=body) for _ in range(each)]


def assert_recovered(pooled: Pooled) -> None:
    """Check that the next read and write are served within a second."""
    begin = time.monotonic()
    assert pooled.user.add(str(uuid4())) in pooled.user.tasks()
    assert time.monotonic() - begin < 1


def test_lock_is_given_up_in_time_and_leaves_nothing_waiting(pooled: Pooled) -> None:
    with Sql(pooled.direct) as locker, Sql(pooled.direct) as observer, ThreadPoolExecutor() as pool:
        with locker.locked("tasks"):
            requests = send(pooled, pool, each=SERVERS + 1)
            assert eventually(lambda: observer.value(WAITING)) > 0
            assert max(each.result() for each in requests) < 10
            assert eventually(lambda: observer.value(WAITING) == 0, 2)
        assert_recovered(pooled)


def test_statement_on_a_frozen_connection_is_given_up_in_time(pooled: Pooled) -> None:
    with Sql(pooled.direct) as locker, Sql(pooled.direct) as observer, ThreadPoolExecutor() as pool:
        with locker.locked("tasks"):
            requests = send(pooled, pool, each=1)
            assert eventually(lambda: observer.value(WAITING) == 2)
            pooled.proxy.freeze()
            assert max(each.result() for each in requests) < 10
        pooled.proxy.open()
        assert_recovered(pooled)


def test_statement_of_a_killed_service_is_given_up(
    pooled: Pooled, start: Callable[..., Program]
) -> None:
    service = start(pooled.url)
    with (
        Sql(pooled.direct) as observer,
        ThreadPoolExecutor() as pool,
        httpx.Client(base_url=service.url, timeout=20) as http,
        Sql(pooled.direct) as locker,
        locker.locked("tasks"),
    ):
        headers = {"Authorization": f"Bearer {pooled.user.token}"}
        reading = pool.submit(http.get, "/api/tasks", headers=headers)
        assert eventually(lambda: observer.value(WAITING) == 1)
        service.kill()
        assert eventually(lambda: observer.value(WAITING) == 0, 10)
    assert isinstance(reading.exception(), httpx.TransportError)


def test_no_acknowledged_write_is_lost_when_the_pooler_is_killed(pooled: Pooled) -> None:
    with Load(pooled.service.url, writers=8, readers=8) as load:
        assert eventually(lambda: load.acknowledged > 50, 10)
        pooled.pooler.kill()
        time.sleep(0.5)
        pooled.pooler.start()
        restarted = time.monotonic()
        time.sleep(1.5)
    with Sql(pooled.direct) as database:
        assert (load.lost(database), load.twice(database)) == ([], [])
    assert {*load.statuses()} <= {(200, ""), (201, ""), (204, ""), (500, UNAVAILABLE)}
    assert first_success(load.since(restarted)) - restarted < 1
