"""Reads of one turn of the event loop share a round trip; each caller gets only its own rows."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from core.database.batches import MAX_KEYS, Batch, Rows
from core.errors import Unavailable
from tests.support.users import User


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

    def fetch(self, keys: list[UUID]) -> list[Rows | BaseException]:
        """Fetch all keys at once."""

        async def run() -> list[Rows | BaseException]:
            fetches = map(Batch(self.read, by="key").fetch, keys)
            return await asyncio.gather(*fetches, return_exceptions=True)

        return asyncio.run(run())


def rows_of(key: UUID) -> Rows:
    return [{"key": key, "n": n} for n in range(key.int % 10)]


def test_reads_at_once_are_one_statement() -> None:
    table, keys = Table(), [uuid4() for _ in range(MAX_KEYS - 1)]
    twice = [*keys, keys[0]]
    assert table.fetch(twice) == [rows_of(key) for key in twice]
    assert table.reads == [keys]


def test_batch_size_is_bounded() -> None:
    table, keys = Table(), [uuid4() for _ in range(3 * MAX_KEYS + 1)]
    assert table.fetch(keys) == list(map(rows_of, keys))
    assert [len(read) for read in table.reads] == [MAX_KEYS] * 3 + [1]


def test_failure_is_raised_to_each_caller_as_an_exception_of_its_own() -> None:
    failures = Table(Unavailable()).fetch([uuid4() for _ in range(3)])
    assert [type(failure) for failure in failures] == [Unavailable] * 3
    assert len(set(map(id, failures))) == 3


def test_cancelled_caller_does_not_affect_the_others() -> None:
    async def run() -> Rows:
        batch = Batch(Table().read, by="key")
        cancelled = asyncio.ensure_future(batch.fetch(uuid4()))
        waiting = asyncio.ensure_future(batch.fetch(UUID(int=7)))
        await asyncio.sleep(0.005)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        return await waiting

    assert asyncio.run(run()) == rows_of(UUID(int=7))


def test_users_who_list_at_once_see_only_their_own_tasks(alice: User, bob: User) -> None:
    for user in (alice, bob):
        for number in range(3):
            user.add(f"{user.id} {number}")
    with ThreadPoolExecutor(8) as threads:
        lists = [(user, threads.submit(user.tasks)) for _ in range(100) for user in (alice, bob)]
        for user, response in lists:
            titles = [task["title"] for task in response.result()]
            assert titles == [f"{user.id} {number}" for number in (2, 1, 0)]
