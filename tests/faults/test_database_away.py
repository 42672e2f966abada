"""The database goes away and comes back, in every way a database does."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from embedded import Postgres
from tests.conftest import FRONTEND
from tests.support import expect
from tests.support.program import Program, eventually, free_port, has_stack_trace, reason
from tests.support.proxy import Proxy
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer, claims, sign
from tests.support.users import User, add_user

AWAY = "Service temporarily unavailable"
IN_TURN = "earlier writes of this row were not done in time"
LONGEST = 10.0


class Setup(NamedTuple):
    """A service behind a door of its own to a server of its own."""

    program: Program
    http: httpx.Client
    server: Postgres
    proxy: Proxy
    database_url: str


@pytest.fixture(scope="module")
def setup(start: Callable[..., Program], open_directory: Path) -> Iterator[Setup]:
    port = free_port()
    server = Postgres(open_directory / "own", durable=False, port=port)
    url = new_database(server.start())
    proxy = Proxy(port)
    program = start(url.replace(f":{port}/", f":{proxy.port}/"), DB_POOL_SIZE="4")
    with httpx.Client(base_url=program.url, timeout=LONGEST + 5) as http:
        yield Setup(program, http, server, proxy, url)
    program.stop()
    proxy.close()
    server.stop()


@pytest.fixture
def sql(setup: Setup) -> Iterator[Sql]:
    with Sql(setup.database_url) as connection:
        yield connection


@pytest.fixture
def carol(setup: Setup, sql: Sql) -> User:
    """A user whose every connection works, with one task."""
    user = add_user(sql, setup.http)
    assert eventually(lambda: setup.http.get("/health/ready").status_code == 200)
    user.add("Buy milk")
    return user


@contextmanager
def stopped(setup: Setup) -> Iterator[None]:
    setup.server.stop()
    try:
        yield
    finally:
        setup.server.start()


def requests(user: User) -> list[Callable[[], httpx.Response]]:
    """One of each that needs the database, from the frontend and with an id for the log."""
    path = f"/api/tasks/{uuid4()}"
    account = {"email": "somebody@example.com", "password": "correct horse"}
    new = {"title": "Buy bread"}

    def call(method: str, path: str, body: object = None) -> Callable[[], httpx.Response]:
        headers = {"Origin": FRONTEND, "X-Request-ID": uuid4().hex}
        return lambda: user.call(method, path, json=body, headers=headers)

    return [
        call("GET", "/api/tasks"),
        call("POST", "/api/tasks", new),
        call("GET", path),
        call("PUT", path, new),
        call("DELETE", path),
        call("POST", "/api/auth/signup", account),
        call("POST", "/api/auth/login", account),
    ]


def all_fail_in_time(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Ask all at once; each is refused in the one way and before ten seconds are over."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(calls)) as runners:
        answers = list(runners.map(lambda call: call(), calls))
    assert time.monotonic() - began < LONGEST
    for answer in answers:
        expect.error(answer, 500, AWAY)
        assert answer.headers["access-control-allow-origin"] == FRONTEND
        assert answer.headers["access-control-allow-credentials"] == "true"
    return answers


def traced(setup: Setup, answer: httpx.Response) -> int:
    """How many records with a stack trace the log has for a request."""
    records = setup.program.records(answer.headers["x-request-id"])
    return len([record for record in records if has_stack_trace(record)])


def reasons(setup: Setup, answers: list[httpx.Response]) -> set[str]:
    """What the log says in brackets of requests that failed (see docs/operations.md)."""
    assert eventually(lambda: all(traced(setup, answer) for answer in answers))
    ids = [answer.headers["x-request-id"] for answer in answers]
    return {reason(record) for each in ids for record in setup.program.records(each)}


def back_within_a_second(setup: Setup, user: User) -> None:
    pid = setup.program.pid
    assert eventually(lambda: user.get("/api/tasks").status_code == 200, seconds=1)
    assert user.add("It is back")["title"] == "It is back"
    assert setup.program.running()
    assert setup.program.pid == pid


def test_a_stopped_database_is_a_500_that_says_so(setup: Setup, carol: User) -> None:
    with stopped(setup):
        all_fail_in_time(requests(carol))


def test_each_failure_is_one_record_with_its_stack_trace(setup: Setup, carol: User) -> None:
    before = len([record for record in setup.program.records() if has_stack_trace(record)])
    with stopped(setup):
        answers = all_fail_in_time(requests(carol))
    assert eventually(lambda: all(traced(setup, answer) for answer in answers))
    assert [traced(setup, answer) for answer in answers] == [1] * len(answers)
    after = len([record for record in setup.program.records() if has_stack_trace(record)])
    assert after - before == len(answers)


def test_it_is_back_within_a_second_after_a_restart(setup: Setup, carol: User) -> None:
    with stopped(setup):
        expect.error(carol.get("/api/tasks"), 500, AWAY)
    back_within_a_second(setup, carol)


def test_a_restart_that_nobody_noticed_is_noticed_by_nobody(setup: Setup, carol: User) -> None:
    with stopped(setup):
        pass
    assert [task["title"] for task in carol.tasks()] == ["Buy milk"]
    carol.add("Buy bread")


def test_what_needs_no_database_does_not_miss_it(setup: Setup, carol: User) -> None:
    expired = bearer(sign(claims(carol.id, exp=1)))
    with stopped(setup):
        began = time.monotonic()
        assert setup.http.get("/health").json() == {"status": "healthy"}
        expect.unauthorized(setup.http.get("/api/tasks"))
        expect.unauthorized(setup.http.get("/api/tasks", headers=expired))
        expect.error(carol.post("/api/tasks", json={}), 400, "Title is required")
        expect.error(carol.get("/api/tasks/no-id"), 404, "Task not found")
        expect.error(carol.get("/nowhere"), 404)
        assert time.monotonic() - began < 1


def test_a_frozen_database_is_a_500_in_time(setup: Setup, carol: User) -> None:
    setup.proxy.freeze()
    try:
        more_than_connections = [requests(carol)[0] for _ in range(24)]
        answers = all_fail_in_time(requests(carol) + more_than_connections)
    finally:
        setup.proxy.open()
    # Of one task a change and a removal take turns: the later one may not get as far.
    assert reasons(setup, answers) - {f"TimeoutError('{IN_TURN}')"} == {
        "TimeoutError()",
        "TimeoutError('none of 4 connections was free in time')",
    }
    back_within_a_second(setup, carol)


def test_a_lock_that_is_held_is_a_500_in_time(setup: Setup, sql: Sql, carol: User) -> None:
    with sql.locked("tasks, users"):
        calls = [requests(carol)[0], requests(carol)[1], *requests(carol)[5:]]
        answers = all_fail_in_time(calls)
    assert reasons(setup, answers) == {"LockNotAvailableError"}
    back_within_a_second(setup, carol)
    assert [task["title"] for task in carol.tasks()] == ["It is back", "Buy milk"]


def test_a_database_that_is_refused_and_reset_is_a_500(setup: Setup, carol: User) -> None:
    setup.proxy.refuse()
    try:
        answers = all_fail_in_time(requests(carol))
    finally:
        setup.proxy.open()
    assert reasons(setup, answers) == {"ConnectionRefusedError"}
    back_within_a_second(setup, carol)


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def drop_all(sql: Sql) -> None:
    assert sql.value(f"SELECT count(pg_terminate_backend(pid)) {OTHERS}") > 0
    assert eventually(lambda: sql.value(f"SELECT count(*) {OTHERS}") == 0)


def test_idle_connections_that_the_server_dropped_are_replaced(
    setup: Setup, sql: Sql, carol: User
) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(4) as runners:
            list(runners.map(lambda _: carol.tasks(), range(8)))
        drop_all(sql)
        assert eventually(lambda: not setup.proxy.pairs)
        task = carol.add("Buy bread")
        assert carol.put(f"/api/tasks/{task['id']}", json={}).status_code == 200


def test_the_servers_farewell_is_enough_to_leave_an_idle_connection(
    setup: Setup, sql: Sql, carol: User
) -> None:
    setup.proxy.linger()
    try:
        for number in range(3):
            drop_all(sql)
            assert eventually(lambda: setup.proxy.pairs <= setup.proxy.left)
            assert carol.add("Buy bread")
            drop_all(sql)
            assert eventually(lambda: setup.proxy.pairs <= setup.proxy.left)
            assert len(carol.tasks()) == number + 2
    finally:
        setup.proxy.open()
        setup.proxy.reset()


def test_idle_connections_that_the_network_dropped_are_replaced(setup: Setup, carol: User) -> None:
    for _ in range(3):
        setup.proxy.reset()
        assert carol.add("Buy bread")
        setup.proxy.reset()
        assert carol.tasks()


@pytest.mark.parametrize("side", ["query", "reply"])
def test_a_read_that_breaks_is_tried_once_more(setup: Setup, carol: User, side: str) -> None:
    task = carol.tasks()[0]
    for path in ("/api/tasks", f"/api/tasks/{task['id']}"):
        assert carol.get(path).status_code == 200
        setup.proxy.cut_next(side)
        assert carol.get(path).status_code == 200
        assert setup.proxy.cut_at == ""


def test_a_read_is_tried_once_more_on_a_fresh_connection(
    setup: Setup, sql: Sql, carol: User
) -> None:
    task = carol.tasks()[0]
    with Sql(setup.database_url) as locker, ThreadPoolExecutor(4) as runners:
        with locker.locked("tasks"):
            reads = [runners.submit(carol.get, f"/api/tasks/{task['id']}") for _ in range(4)]
            assert eventually(lambda: sql.value(f"SELECT count(*) {OTHERS}") == 5, seconds=2)
        assert [each.result().status_code for each in reads] == [200] * 4
    setup.proxy.doom()
    assert [task["title"] for task in carol.tasks()] == ["Buy milk"]


def test_a_write_that_may_have_been_sent_is_not_repeated(
    setup: Setup, carol: User, sql: Sql
) -> None:
    for number in range(3):
        carol.add("warm")
        setup.proxy.cut_next("reply")
        title = f"written once {number}"
        answer = carol.post("/api/tasks", json={"title": title})
        expect.error(answer, 500, AWAY)
        assert reasons(setup, [answer]) == {"ConnectionDoesNotExistError"}
        assert setup.proxy.cut_at == ""
        count = "SELECT count(*) FROM tasks WHERE title = $1"
        assert sql.value(count, title) <= 1
    assert carol.add("the next one is fine")
