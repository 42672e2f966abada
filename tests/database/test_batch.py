"""Reads of one turn of the event loop share a round trip; each caller gets only its own rows."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from core.database import database, dsn
from core.database.batches import MAX_KEYS, Batch, Rows
from core.errors import Unavailable
from plugins.tasks import LIST
from tests.support.caller import message
from tests.support.program import Program
from tests.support.raw_http import exchange
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_user


class Table:
    """Records its reads; a key has as many rows as its last digit says."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.reads: list[list[UUID]] = []
        self.failure = failure

    async def read(self, keys: list[UUID]) -> Rows:
        self.reads.append(keys)
        await asyncio.sleep(0.01)
        if self.failure:
            raise self.failure
        return [row for key in keys for row in rows_of(key)]


def rows_of(key: UUID) -> Rows:
    return [{"key": key, "n": n} for n in range(key.int % 10)]


@pytest.mark.anyio
async def test_reads_at_once_are_batches_of_bounded_size() -> None:
    table, keys = Table(), [uuid4() for _ in range(3 * MAX_KEYS + 1)]
    twice = [*keys, keys[-1]]
    found = await asyncio.gather(*map(Batch(table.read, by="key").fetch, twice))
    assert found == list(map(rows_of, twice))
    assert [len(read) for read in table.reads] == [MAX_KEYS] * 3 + [1]


@pytest.mark.anyio
async def test_failure_is_raised_to_each_caller_as_an_exception_of_its_own() -> None:
    fetch = Batch(Table(Unavailable()).read, by="key").fetch
    failures = await asyncio.gather(*(fetch(uuid4()) for _ in range(3)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [Unavailable] * 3
    assert len(set(map(id, failures))) == 3


@pytest.mark.anyio
async def test_cancelled_caller_does_not_affect_the_others() -> None:
    batch = Batch(Table().read, by="key")
    cancelled = asyncio.ensure_future(batch.fetch(uuid4()))
    waiting = asyncio.ensure_future(batch.fetch(UUID(int=7)))
    await asyncio.sleep(0.005)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await waiting == rows_of(UUID(int=7))


def test_users_who_list_at_once_see_only_their_own_tasks(alice: User, bob: User) -> None:
    for user in (alice, bob):
        for number in range(3):
            user.add(f"{user.id} {number}")
    with ThreadPoolExecutor(8) as threads:
        lists = [(user, threads.submit(user.tasks)) for _ in range(100) for user in (alice, bob)]
        for user, tasks in lists:
            titles = [task["title"] for task in tasks.result()]
            assert titles == [f"{user.id} {number}" for number in (2, 1, 0)]


@pytest.mark.anyio
async def test_batch_has_a_time_budget_of_its_own(database_url: str, alice: User) -> None:
    task = await asyncio.to_thread(alice.add)
    base = database.Database(dsn.parse(database_url), 2)

    async def fetch(spent: float) -> list[database.Row]:
        database._spent.set(spent)
        return await base.fetch_by_key(LIST, UUID(alice.id))

    for rows in await asyncio.gather(fetch(database.BUDGET + 1), fetch(0)):
        assert [str(row["id"]) for row in rows] == [task["id"]]
    await base.close()


@pytest.mark.slow
def test_pipelined_requests_have_budgets(start: Callable[..., Program], postgres: str) -> None:
    url = new_database(postgres)
    program = start(url)
    with Sql(url) as sql, httpx.Client(base_url=program.url) as http:
        user = add_user(sql, http)
        locked, free = (f"/api/tasks/{user.add()['id']}" for _ in range(2))
        sql.value("BEGIN")
        sql.value("SELECT id FROM tasks WHERE $1 LIKE '%' || id FOR UPDATE", locked)
        requests = [message("PUT", locked, user.token, title="x")] * 3
        paths = (free, free, "/api/tasks", "/health/ready")
        requests += [message("GET", path, user.token) for path in paths]
        statuses = [response.status for response in exchange(program, b"".join(requests))]
        sql.value("ROLLBACK")
    assert statuses == [500, 500, 500, 200, 200, 200, 200, 200]
