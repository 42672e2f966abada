"""PostgreSQL stands still (SIGSTOP) under load: answers come in time, and then all is well."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from embedded import Postgres
from tests.support import expect
from tests.support.load import Load, first_success
from tests.support.postgres import system_binaries
from tests.support.program import Program, eventually, free_port
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = "Service temporarily unavailable"
LONGEST = 10.0
OURS = "FROM pg_stat_activity WHERE application_name = 'todo' AND datname = current_database()"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(open_directory: Path) -> Iterator[Postgres]:
    binaries = system_binaries()
    directory = open_directory / "frozen"
    with Postgres(directory, binaries=binaries, durable=False, port=free_port()) as server:
        yield server


@pytest.fixture
def url(server: Postgres) -> str:
    return new_database(server.url)


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """Stop all processes of a server, the one that makes new ones first."""
    with stopped([server.pid]):
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        with stopped([int(pid) for pid in children]):
            yield


def longest_health(service: Program, seconds: float) -> float:
    """How long /health takes at most, asked all along."""
    longest, end = 0.0, time.monotonic() + seconds
    with httpx.Client(base_url=service.url, timeout=LONGEST) as http:
        while (began := time.monotonic()) < end:
            assert http.get("/health").json() == {"status": "healthy"}
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.1)
    return longest


@pytest.mark.parametrize(
    ("clients", "connections", "seconds"),
    [
        pytest.param(8, "20", 8, id="fewer clients than connections"),
        pytest.param(48, "6", 8, id="more clients than connections"),
        pytest.param(48, "6", 10, id="for longer than anyone waits"),
    ],
)
def test_a_frozen_server_is_answered_for_in_time_and_forgotten_within_a_second(
    start: Callable[..., Program],
    server: Postgres,
    url: str,
    figure: Callable[[str, object], None],
    clients: int,
    connections: str,
    seconds: float,
) -> None:
    service = start(url, DB_POOL_SIZE=connections)
    half = clients // 2
    with Load(service.url, writers=half, readers=half, pause=0.05) as load:
        assert eventually(lambda: load.acknowledged > clients, seconds=LONGEST)
        with frozen(server):
            health = longest_health(service, seconds)
        thawed = time.monotonic()
        time.sleep(2)
    service.stop()
    with Sql(url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    longest = max(each.seconds for each in load.outcomes)
    back = first_success([each for each in load.outcomes if each.ended > thawed]) - thawed
    figure(
        f"PostgreSQL frozen for {seconds} s, {clients} clients on {connections} connections",
        f"longest request {longest:.2f} s, longest /health {health:.3f} s, first 2xx {back:.3f} s "
        f"after the thaw, {load.statuses()[500, AWAY]} of {len(load.outcomes)} requests refused, "
        f"acknowledged writes lost {len(lost)} of {load.acknowledged}, done twice {len(twice)}",
    )
    assert longest < LONGEST
    assert health < 1
    assert back < 1
    assert {(each.status, each.said) for each in load.since(thawed + 1)} <= GOOD
    assert set(load.statuses()) <= GOOD | {(500, AWAY)}
    assert (lost, twice) == ([], [])


def test_of_connections_that_fell_silent_one_request_at_most_is_refused(
    start: Callable[..., Program], url: str, figure: Callable[[str, object], None]
) -> None:
    service = start(url, DB_POOL_SIZE="8")
    with Sql(url) as sql, httpx.Client(base_url=service.url, timeout=20) as http:
        user = User(http, str(uuid4()), new_email())
        path = f"/api/tasks/{user.add()['id']}"
        with ThreadPoolExecutor(8) as clients, Sql(url) as locker, locker.locked("tasks"):
            reading = [clients.submit(user.get, path) for _ in range(8)]
            assert eventually(lambda: sql.value(f"SELECT count(*) {OURS}") == 8)
            locker.value("ROLLBACK")
            assert [each.result().status_code for each in reading] == [200] * 8
        with stopped([row["pid"] for row in sql.rows(f"SELECT pid {OURS}")]):
            began = time.monotonic()
            first = user.post("/api/tasks", json={"title": "Buy bread"})
            answered = time.monotonic()
            next_ones = [user.post("/api/tasks", json={"title": "Buy jam"}), user.get("/api/tasks")]
            ended = time.monotonic()
    service.stop()
    statuses = [each.status_code for each in next_ones]
    figure(
        "8 idle connections fell silent",
        f"the first request {first.status_code} after {answered - began:.2f} s, "
        f"the next ones {statuses} after {ended - answered:.2f} s",
    )
    assert answered - began < LONGEST
    assert first.status_code == 201 or expect.error(first, 500, AWAY)
    assert statuses == [201, 200]
    assert ended - answered < 1
