"""The pool: bounded, fair, and whole again whatever happens to those who wait or read."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

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


@pytest.fixture
def run(postgres: str) -> Callable[[Use], Any]:
    """Run something on a database with three connections, which are all usable at the end."""

    async def use_and_check(use: Use) -> Any:
        database = Database(dsn.parse(postgres), size=3)
        try:
            result = await use(database)
            async with asyncio.timeout(5):
                pids = await asyncio.gather(
                    *(database.fetch(SLEEP, seconds=0.05) for _ in range(9))
                )
            assert 1 <= len({rows[0]["pid"] for rows in pids}) <= 3
            return result
        finally:
            await database.close()

    return lambda use: asyncio.run(use_and_check(use))


@pytest.mark.parametrize("seed", range(5))
def test_a_read_cancelled_at_any_moment_gives_its_connection_back(
    run: Callable[[Use], Any], seed: int
) -> None:
    moments = random.Random(seed)

    async def use(database: Database) -> None:
        async def hang_up() -> None:
            reading = asyncio.ensure_future(database.fetch(SLEEP, seconds=0.01))
            await asyncio.sleep(moments.uniform(0, 0.03))
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

        await asyncio.gather(*(hang_up() for _ in range(60)))

    run(use)


def test_who_waits_is_served_in_turn_and_none_is_forgotten(run: Callable[[Use], Any]) -> None:
    async def use(database: Database) -> int:
        rows = await asyncio.gather(*(database.fetch(SLEEP, seconds=0.001) for _ in range(200)))
        return len(rows)

    assert run(use) == 200


def test_one_after_the_other_needs_one_connection(run: Callable[[Use], Any]) -> None:
    async def use(database: Database) -> int:
        return len({(await database.fetch(PID))[0]["pid"] for _ in range(20)})

    assert run(use) == 1


def test_waiting_for_a_connection_is_bounded(postgres: str) -> None:
    async def wait() -> None:
        pool = Pool(Connector(dsn.parse(postgres)), size=1)
        taken = await pool.acquire(asyncio.get_running_loop().time() + 5)
        with pytest.raises(TimeoutError):
            await pool.acquire(asyncio.get_running_loop().time() + 0.05)
        pool.release(taken)
        pool.release(await pool.acquire(asyncio.get_running_loop().time() + 5))
        await pool.close()

    asyncio.run(wait())


def test_a_statement_that_fails_is_unavailable_and_costs_no_connection(
    run: Callable[[Use], Any],
) -> None:
    async def use(database: Database) -> None:
        before = (await database.fetch(PID))[0]["pid"]
        with pytest.raises(Unavailable):
            await database.fetch(Statement(select(func.no_such_function())))
        assert (await database.fetch(PID))[0]["pid"] == before

    run(use)
