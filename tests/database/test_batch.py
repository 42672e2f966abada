"""Reads of one moment share a round trip, and nobody gets what is another's."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from core.database.batches import MAX_KEYS, Batch, Rows
from core.errors import Unavailable
from tests.support.users import User


class Table:
    """A read that counts its calls; every key has as many rows as its last digit says."""

    def __init__(self) -> None:
        self.calls: list[list[UUID]] = []
        self.broken = False

    async def read(self, keys: list[UUID]) -> Rows:
        self.calls.append(keys)
        await asyncio.sleep(0.01)
        if self.broken:
            raise Unavailable
        return [{"key": key, "n": n} for key in keys for n in range(key.int % 10)]


def expected(key: UUID) -> Rows:
    return [{"key": key, "n": n} for n in range(key.int % 10)]


def test_one_moment_is_one_call() -> None:
    table, keys = Table(), [uuid4() for _ in range(MAX_KEYS - 1)]

    async def run() -> list[Rows]:
        batch = Batch(table.read, by="key")
        return await asyncio.gather(*map(batch.fetch, [*keys, keys[0]]))

    answers = asyncio.run(run())
    assert answers == [expected(key) for key in [*keys, keys[0]]]
    assert table.calls == [keys]


def test_a_batch_is_bounded() -> None:
    table, keys = Table(), [uuid4() for _ in range(3 * MAX_KEYS + 1)]

    async def run() -> list[Rows]:
        batch = Batch(table.read, by="key")
        return await asyncio.gather(*map(batch.fetch, keys))

    assert asyncio.run(run()) == list(map(expected, keys))
    assert [len(call) for call in table.calls] == [MAX_KEYS] * 3 + [1]


def test_a_failure_is_everyones_and_each_has_an_exception_of_their_own() -> None:
    table = Table()
    table.broken = True

    async def run() -> list[Rows | BaseException]:
        batch = Batch(table.read, by="key")
        waiting = map(batch.fetch, [uuid4(), uuid4(), uuid4()])
        return await asyncio.gather(*waiting, return_exceptions=True)

    failures = asyncio.run(run())
    assert [type(failure) for failure in failures] == [Unavailable] * 3
    assert len(set(map(id, failures))) == 3


def test_who_leaves_does_not_take_the_others_along() -> None:
    table, staying = Table(), UUID(int=7)

    async def run() -> Rows:
        batch = Batch(table.read, by="key")
        leaving = asyncio.ensure_future(batch.fetch(uuid4()))
        waiting = asyncio.ensure_future(batch.fetch(staying))
        await asyncio.sleep(0.005)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await waiting

    assert asyncio.run(run()) == expected(staying)


def test_everyone_sees_only_their_own_list(alice: User, bob: User) -> None:
    users = [alice, bob]
    for user in users:
        for number in range(3):
            user.add(f"{user.id} {number}")
    with ThreadPoolExecutor(8) as runners:
        asked = [(user, runners.submit(user.tasks)) for _ in range(100) for user in users]
        for user, answer in asked:
            titles = [task["title"] for task in answer.result()]
            assert titles == [f"{user.id} {number}" for number in (2, 1, 0)]
