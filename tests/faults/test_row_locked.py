"""A row is locked from outside: its writers are refused in time, and nobody else notices."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.load import Load
from tests.support.program import Program, eventually, reason
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = "Service temporarily unavailable"
LONGEST = 10.0
CONNECTIONS = 6
WRITERS = 24
SECONDS = 25.0
OURS = "FROM pg_stat_activity WHERE application_name = 'todo' AND datname = current_database()"
LOCKS = {
    "tasks": "SELECT id FROM tasks WHERE user_id = $1 FOR UPDATE",
    "users": "SELECT id FROM users WHERE id = $1 FOR UPDATE",  # every new task refers to it
}
# Others wait too, for a moment, but never for a row: say while a table grows ("extend").
WAITING = f"SELECT count(*) {OURS} AND wait_event IN ('transactionid', 'tuple')"

NONE_FREE = f"TimeoutError('none of {CONNECTIONS} connections was free in time')"

pytestmark = pytest.mark.slow
Answer = tuple[httpx.Response, float]


class Setup(NamedTuple):
    """A service with few connections, and its database."""

    http: httpx.Client
    program: Program
    sql: Sql
    locker: Sql


@pytest.fixture
def setup(start: Callable[..., Program], postgres: str) -> Iterator[Setup]:
    url = new_database(postgres)
    program = start(url, DB_POOL_SIZE=str(CONNECTIONS))
    limits = httpx.Limits(max_connections=WRITERS)
    with (
        httpx.Client(base_url=program.url, timeout=20, limits=limits) as http,
        Sql(url) as sql,
        Sql(url) as locker,
    ):
        yield Setup(http, program, sql, locker)
    program.stop()


def insist(write: Callable[[], httpx.Response], seconds: float) -> list[Answer]:
    """Write again and again while the row is locked; the answers and their seconds."""
    answers, end = [], time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        answers.append((write(), time.monotonic() - began))
    return answers


@pytest.mark.parametrize("table", ["tasks", "users"])
def test_a_row_locked_from_outside_holds_up_its_own_writers_only(
    setup: Setup, figure: Callable[[str, object], None], table: str
) -> None:
    user = User(setup.http, str(uuid4()), new_email())
    path = f"/api/tasks/{user.add()['id']}"
    writes = {
        "tasks": lambda: user.put(path, json={"title": "Buy bread"}),
        "users": lambda: user.post("/api/tasks", json={"title": "Buy bread"}),
    }
    setup.locker.value("BEGIN")
    setup.locker.value(LOCKS[table], UUID(user.id))
    waiting, connections = [], []
    with (
        ThreadPoolExecutor(WRITERS) as clients,
        Load(setup.program.url, writers=4, readers=4, pause=0.01) as others,
    ):
        assert eventually(lambda: others.acknowledged > 20)
        began = time.monotonic()
        writing = [clients.submit(insist, writes[table], SECONDS) for _ in range(WRITERS)]
        while not all(each.done() for each in writing):
            waiting.append(setup.sql.value(WAITING))
            connections.append(setup.sql.value(f"SELECT count(*) {OURS}"))
            time.sleep(0.1)
    setup.locker.value("ROLLBACK")
    answers = [answer for each in writing for answer in each.result()]
    errors = [record for record in setup.program.records() if record["level"] == "error"]
    longest = max(seconds for _, seconds in answers)
    longest_other = max(each.seconds for each in others.since(began))
    figure(
        f"a row of {table} locked for {SECONDS} s, {WRITERS} writers, {CONNECTIONS} connections",
        f"{len(answers)} writes refused after {longest:.2f} s at most, waiting for the lock "
        f"{sum(waiting) / len(waiting):.2f} connections in the mean of {len(waiting)} looks, "
        f"longest of {len(others.outcomes)} other requests "
        f"{longest_other:.2f} s",
    )
    for answer, _ in answers:
        expect.error(answer, 500, AWAY)
    assert longest < LONGEST
    assert set(others.statuses()) <= GOOD
    assert longest_other < 1
    # For a moment also the one whose statement is just being cancelled as its time is up.
    assert max(map(min, pairwise(waiting))) == 1
    assert max(waiting) <= 2
    assert max(connections) <= CONNECTIONS
    # Whose turn comes in the last moment may find no connection free any more.
    assert {reason(record) for record in errors} - {NONE_FREE} == {
        "LockNotAvailableError",
        "TimeoutError()",
        "TimeoutError('earlier writes of this row were not done in time')",
    }
    assert eventually(lambda: writes[table]().is_success, seconds=1)
