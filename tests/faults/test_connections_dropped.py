"""Connections to PostgreSQL are dropped, idle or at work, by the server and by the network."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.load import Load
from tests.support.program import Program, eventually, reason
from tests.support.proxy import Proxy
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_user

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = "Service temporarily unavailable"
ROUNDS = 10
TRIES = 5
LOCK_TIMEOUT = 3.0  # the service's own
SECONDS = 5
APART = 0.2  # seconds
OURS = "FROM pg_stat_activity WHERE application_name = 'todo' AND datname = current_database()"
GONE = "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = ANY ($1)"
IDLE = f"SELECT bool_and(state = 'idle') {OURS}"
LOCKED = f"SELECT count(*) {OURS} AND wait_event_type = 'Lock'"
Call = Callable[[], httpx.Response]
Figure = Callable[[str, object], None]


class Setup(NamedTuple):
    """A service on a database of its own, and how all its connections are dropped."""

    program: Program
    http: httpx.Client
    sql: Sql
    url: str
    drop: Callable[[], None]


def pids(sql: Sql) -> list[int]:
    return [row["pid"] for row in sql.rows(f"SELECT pid {OURS}")]


def terminate(sql: Sql, doomed: list[int]) -> None:
    """Drop connections as a server does that goes to sleep: one by one, each with a farewell."""
    for pid in doomed:
        sql.value("SELECT pg_terminate_backend($1)", pid)
    assert eventually(lambda: sql.value(GONE, doomed))


@pytest.fixture
def connections() -> int:
    return 20


@pytest.fixture(params=["server", "network"])
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def setup(
    start: Callable[..., Program], postgres: str, postgres_port: int, connections: int, by: str
) -> Iterator[Setup]:
    url = new_database(postgres)
    with closing(Proxy(postgres_port)) as proxy, Sql(url) as sql:
        by_proxy = url.replace(f":{postgres_port}/", f":{proxy.port}/")
        ways = {
            "server": (url, lambda: terminate(sql, pids(sql))),
            "network": (by_proxy, proxy.reset),
            "network when next used": (by_proxy, proxy.doom),
        }
        place, drop = ways[by]
        program = start(place, DB_POOL_SIZE=str(connections))
        with httpx.Client(base_url=program.url, timeout=20) as http:
            yield Setup(program, http, sql, url, drop)
        program.stop()


@pytest.fixture
def alice(setup: Setup) -> User:
    return add_user(setup.sql, setup.http)


def while_held(setup: Setup, calls: list[Call], work: Callable[[], None]) -> list[httpx.Response]:
    """Ask all, each on a connection of its own; do something while a lock holds them up.

    Where a slow machine does not bring them together before the first gives up waiting, all are
    answered and it is tried anew.
    """
    with ThreadPoolExecutor(len(calls)) as clients, Sql(setup.url) as locker:
        for _ in range(TRIES):
            with locker.locked("tasks"):
                answers = [clients.submit(call) for call in calls]
                held = eventually(lambda: setup.sql.value(LOCKED) == len(calls), LOCK_TIMEOUT / 2)
                if held:
                    work()
            results = [each.result() for each in answers]
            if held:
                return results
    raise AssertionError(f"{len(calls)} requests never waited at once")


def fill_the_pool(setup: Setup, user: User, connections: int) -> None:
    """Have all connections open, and then idle."""
    while_held(setup, [partial(user.get, f"/api/tasks/{user.id}")] * connections, lambda: None)
    assert eventually(lambda: setup.sql.value(IDLE))
    assert len(pids(setup.sql)) == connections


def add_another(user: User) -> httpx.Response:
    """A write with a title of its own."""
    return user.post("/api/tasks", json={"title": uuid4().hex})


def logged(setup: Setup, answer: httpx.Response) -> list[str]:
    """The reasons that the log gives for an answer, in the words of docs/operations.md."""
    request_id = answer.headers["x-request-id"]
    eventually(lambda: setup.program.records(request_id))
    return [reason(record) for record in setup.program.records(request_id)]


def live(user: User) -> list[int]:
    """The statuses of a task's life."""
    answers = [user.post("/api/tasks", json={"title": "Buy bread"})]
    if answers[0].status_code == 201:
        path = f"/api/tasks/{answers[0].json()['task']['id']}"
        answers += [user.put(path, json={}), user.get(path), user.delete(path)]
    return [answer.status_code for answer in answers]


def test_of_idle_connections_that_are_dropped_the_client_sees_nothing(
    setup: Setup, alice: User, connections: int, by: str, figure: Figure
) -> None:
    statuses = []
    for _ in range(ROUNDS):
        fill_the_pool(setup, alice, connections)
        setup.drop()
        with ThreadPoolExecutor(connections) as clients:
            half = connections // 2
            reading = [clients.submit(alice.get, "/api/tasks") for _ in range(half)]
            statuses += [each for lived in clients.map(live, [alice] * half) for each in lived]
            statuses += [each.result().status_code for each in reading]
    failed = [status for status in statuses if status >= 400]
    figure(
        f"{connections} idle connections dropped by the {by}, {ROUNDS} times",
        f"{len(failed)} of {len(statuses)} requests failed",
    )
    assert failed == []
    assert setup.sql.value("SELECT count(*) FROM tasks") == 0


@pytest.mark.parametrize("by", ["network when next used"])
def test_of_connections_that_only_seem_alive_one_write_at_most_is_refused(
    setup: Setup, alice: User, connections: int
) -> None:
    fill_the_pool(setup, alice, connections)
    setup.drop()
    assert alice.get("/api/tasks").status_code == 200
    fill_the_pool(setup, alice, connections)
    setup.drop()
    statuses = [alice.post("/api/tasks", json={"title": "perhaps"}).status_code for _ in range(5)]
    assert statuses[1:] == [201] * 4


def test_a_read_under_way_is_tried_once_more_and_a_write_is_not(
    setup: Setup, alice: User, connections: int, by: str, figure: Figure
) -> None:
    half = connections // 2
    read = partial(alice.get, f"/api/tasks/{alice.add()['id']}")
    writers = [add_user(setup.sql, setup.http) for _ in range(half)]
    calls = [*[read] * half, *(partial(add_another, user) for user in writers)]
    answers = []
    for _ in range(ROUNDS):
        while_held(setup, calls, lambda: None)  # now the statements are prepared
        answers.append(while_held(setup, calls, setup.drop))
    reads = [answer.status_code for each in answers for answer in each[:half]]
    written = [answer for each in answers for answer in each[half:]]
    assert eventually(lambda: setup.sql.value(f"SELECT count(*) = 0 {OURS} AND state <> 'idle'"))
    titles = [json.loads(answer.request.content)["title"] for answer in written]
    times = [setup.sql.value("SELECT count(*) FROM tasks WHERE title = $1", t) for t in titles]
    figure(
        f"connections dropped by the {by} under {len(reads)} reads and {len(written)} writes",
        f"{len(reads) - reads.count(200)} reads failed, of the refused writes {sum(times)} were "
        f"done, {sum(n > 1 for n in times)} twice",
    )
    assert reads == [200] * len(reads)
    for answer in written:
        expect.error(answer, 500, AWAY)
        assert logged(setup, answer) == ["ConnectionDoesNotExistError"]
    # What waits in a server whose client has gone is done in the end, where it was prepared.
    assert set(times) == ({0} if by == "server" else {0, 1})


@pytest.mark.parametrize("by", ["server"])
@pytest.mark.parametrize("drops", [1, 3, 4])
def test_a_read_outlives_three_drops(setup: Setup, alice: User, drops: int) -> None:
    path = f"/api/tasks/{alice.add()['id']}"
    with ThreadPoolExecutor(1) as client, Sql(setup.url) as locker:
        with locker.locked("tasks"):
            reading = client.submit(alice.get, path)
            for _ in range(drops):
                assert eventually(lambda: setup.sql.value(LOCKED) == 1)
                terminate(setup.sql, pids(setup.sql))
            if drops > 3:
                expect.error(reading.result(), 500, AWAY)
        if drops > 3:
            assert logged(setup, reading.result()) == ["ConnectionDoesNotExistError"]
        else:
            assert reading.result().status_code == 200
    assert alice.get(path).status_code == 200


@pytest.mark.parametrize(("by", "connections"), [("server", 2)])
def test_a_read_is_tried_once_more_on_a_fresh_connection_even_if_it_has_to_wait_for_one(
    setup: Setup, alice: User
) -> None:
    read = partial(alice.get, f"/api/tasks/{alice.add()['id']}")
    login = partial(alice.post, "/api/auth/login", json={"email": alice.email, "password": "?"})
    with (
        ThreadPoolExecutor(3) as clients,
        Sql(setup.url) as tasks,
        Sql(setup.url) as users,
        users.locked("users"),
    ):
        with tasks.locked("tasks"):
            broken = clients.submit(read)
            assert eventually(lambda: setup.sql.value(LOCKED) == 1)
            dropped_first = pids(setup.sql)
            clients.submit(login)
            assert eventually(lambda: setup.sql.value(LOCKED) == 2)
            dropped_next = pids(setup.sql)
            next_in_line = clients.submit(read)
            time.sleep(0.3)
            terminate(setup.sql, dropped_first)
            assert eventually(lambda: setup.sql.value(LOCKED) == 2)
            users.value("ROLLBACK")  # the login is done with its connection
            time.sleep(0.3)
            terminate(setup.sql, dropped_next)
        assert [broken.result().status_code, next_in_line.result().status_code] == [200, 200]


@pytest.mark.slow
@pytest.mark.parametrize("connections", [4])
def test_dropped_again_and_again_no_read_fails_and_no_write_is_lost_or_done_twice(
    setup: Setup, connections: int, by: str, figure: Figure
) -> None:
    drops = 0
    end = time.monotonic() + SECONDS
    with Load(setup.program.url, writers=6, readers=6) as load:
        while time.monotonic() < end:
            setup.drop()
            drops += 1
            time.sleep(APART)
    lost, twice = load.lost(setup.sql), load.twice(setup.sql)
    reads = [each for each in load.outcomes if each.method == "GET"]
    failed = [each for each in reads if each.status != 200]
    figure(
        f"{connections} connections dropped by the {by} under load, {drops} times",
        f"{len(failed)} of {len(reads)} reads failed, {load.statuses()[500, AWAY]} of "
        f"{len(load.outcomes) - len(reads)} writes refused, acknowledged writes lost {len(lost)} "
        f"of {load.acknowledged}, done twice {len(twice)}",
    )
    assert failed == []
    assert (lost, twice) == ([], [])
    assert set(load.statuses()) <= GOOD | {(500, AWAY)}
    assert load.acknowledged > 100
