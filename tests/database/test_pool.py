"""The pool is bounded, fair, and complete again after failures and cancellations."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import bindparam, func, select

from core.database import dsn
from core.database.connector import Connector
from core.database.database import Database
from core.database.pool import Pool
from core.database.statements import Statement
from core.errors import Unavailable

SLEEP = Statement(select(func.pg_sleep(bindparam("seconds")), func.pg_backend_pid().label("pid")))
PID = Statement(select(func.pg_backend_pid().label("pid")))
Use = Callable[[Database], Awaitable[Any]]
Run = Callable[[Use], Any]


@pytest.fixture
def run(postgres: str) -> Run:
    """Run something on a database with three connections, which must all be usable afterwards."""

    async def use_and_check(use: Use) -> Any:
        database = Database(dsn.parse(postgres), size=3)
        try:
            result = await use(database)
            async with asyncio.timeout(5):
                sleeps = (database.fetch(SLEEP, seconds=0.05) for _ in range(9))
                pids = {rows[0]["pid"] for rows in await asyncio.gather(*sleeps)}
            assert 1 <= len(pids) <= 3
            return result
        finally:
            await database.close()

    return lambda use: asyncio.run(use_and_check(use))


@pytest.mark.parametrize("seed", range(5))
def test_cancelled_read_gives_its_connection_back(run: Run, seed: int) -> None:
    moments = random.Random(seed)

    async def cancel_one(database: Database) -> None:
        reading = asyncio.ensure_future(database.fetch(SLEEP, seconds=0.01))
        await asyncio.sleep(moments.uniform(0, 0.03))
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    async def use(database: Database) -> None:
        await asyncio.gather(*(cancel_one(database) for _ in range(60)))

    run(use)


def test_every_waiting_read_gets_a_connection(run: Run) -> None:
    async def use(database: Database) -> int:
        rows = await asyncio.gather(*(database.fetch(SLEEP, seconds=0.001) for _ in range(200)))
        return len(rows)

    assert run(use) == 200


def test_successive_reads_use_one_connection(run: Run) -> None:
    async def use(database: Database) -> int:
        return len({(await database.fetch(PID))[0]["pid"] for _ in range(20)})

    assert run(use) == 1


def test_failed_statement_is_unavailable_and_keeps_its_connection(run: Run) -> None:
    async def use(database: Database) -> None:
        before = (await database.fetch(PID))[0]["pid"]
        with pytest.raises(Unavailable):
            await database.fetch(Statement(select(func.no_such_function())))
        assert (await database.fetch(PID))[0]["pid"] == before

    run(use)


@pytest.mark.parametrize("method", ["write_in_turn", "write_for"])
def test_writes_of_one_row_wait_on_one_connection(run: Run, method: str) -> None:
    """On a quarter of them, and on at least one: the others are free for other requests."""

    async def use(database: Database) -> None:
        key = uuid4()
        writes = [
            asyncio.ensure_future(getattr(database, method)(key, SLEEP, seconds=5))
            for _ in range(9)
        ]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(1):
            await asyncio.gather(*(database.fetch(SLEEP, seconds=0.05) for _ in range(4)))
            await getattr(database, method)(uuid4(), PID)
        for write in writes:
            write.cancel()
        await asyncio.gather(*writes, return_exceptions=True)

    run(use)


def test_waiting_for_a_connection_is_bounded(postgres: str) -> None:
    async def wait() -> None:
        now = asyncio.get_running_loop().time
        pool = Pool(Connector(dsn.parse(postgres)), size=1)
        taken = await pool.acquire(now() + 5)
        with pytest.raises(TimeoutError):
            await pool.acquire(now() + 0.05)
        pool.release(taken)
        pool.release(await pool.acquire(now() + 5))
        await pool.close()

    asyncio.run(wait())
