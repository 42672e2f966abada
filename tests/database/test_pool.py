"""The pool is bounded, fair, and complete again after failures and cancellations."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
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

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def three_connections(postgres: str) -> AsyncIterator[Database]:
    """A database with three connections, which must all be usable afterwards."""
    database = Database(dsn.parse(postgres), size=3)
    yield database
    async with asyncio.timeout(5):
        assert 1 <= len(await sleep_at_once(database, 9, 0.05)) <= 3
    await database.close()


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    async with three_connections(postgres) as database:
        yield database


async def sleep_at_once(database: Database, times: int, seconds: float) -> set[int]:
    """Run so many statements at once; the connections that they used."""
    sleeps = (database.fetch(SLEEP, seconds=seconds) for _ in range(times))
    return {rows[0]["pid"] for rows in await asyncio.gather(*sleeps)}


@pytest.mark.parametrize("seed", range(5))
def test_cancelled_read_gives_its_connection_back(postgres: str, seed: int) -> None:
    moments = random.Random(seed)

    async def cancel_one(database: Database) -> None:
        reading = asyncio.ensure_future(database.fetch(SLEEP, seconds=0.01))
        await asyncio.sleep(moments.uniform(0, 0.03))
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    async def cancel_many() -> None:
        async with three_connections(postgres) as database:
            await asyncio.gather(*(cancel_one(database) for _ in range(60)))

    asyncio.run(cancel_many())  # anyio fails for asyncpg's exceptions that nothing awaits


async def test_every_waiting_read_gets_a_connection(database: Database) -> None:
    assert len(await sleep_at_once(database, 200, 0.001)) <= 3


async def test_successive_reads_use_one_connection(database: Database) -> None:
    assert len({(await database.fetch(PID))[0]["pid"] for _ in range(20)}) == 1


async def test_failed_statement_keeps_its_connection(database: Database) -> None:
    before = await database.fetch(PID)
    with pytest.raises(Unavailable):
        await database.fetch(Statement(select(func.no_such_function())))
    assert await database.fetch(PID) == before


@pytest.mark.parametrize("method", ["write_in_turn", "write_for"])
async def test_writes_of_one_row_wait_on_one_connection(database: Database, method: str) -> None:
    """For an owner on a quarter of them, but on at least one."""
    write, key = getattr(database, method), uuid4()
    writes = [asyncio.ensure_future(write(key, SLEEP, seconds=5)) for _ in range(9)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(1):
        await sleep_at_once(database, 4, 0.05)
        await write(uuid4(), PID)
    for waiting in writes:
        waiting.cancel()
    await asyncio.gather(*writes, return_exceptions=True)


async def test_waiting_for_a_connection_is_bounded(postgres: str) -> None:
    now = asyncio.get_running_loop().time
    pool = Pool(Connector(dsn.parse(postgres)), size=1)
    taken = await pool.acquire(now() + 5)
    with pytest.raises(TimeoutError):
        await pool.acquire(now() + 0.05)
    pool.release(taken)
    pool.release(await pool.acquire(now() + 5))
    await pool.close()
