"""The database: compiled statements in, rows out, one round trip each, every wait bounded."""

import asyncio
from contextvars import ContextVar
from functools import partial
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
from sqlmodel import select

from core.database.batches import Batch
from core.database.connector import BEGIN, Connection, Connector
from core.database.dsn import Dsn
from core.database.failures import BROKEN, FAILURES, MAYBE_TRANSIENT, SESSION_OVER, was_not_done
from core.database.pool import Pool
from core.database.statements import Statement, StatementByKey
from core.errors import Unavailable

Row = dict[str, Any]

BUDGET = 8.5  # seconds that one request may spend here in all: answers come within ten
MAX_RETRIES = 3  # on fresh connections, each of which may be dropped in its turn
PING = Statement(select(1))

_spent: ContextVar[float] = ContextVar("database_seconds_spent", default=0.0)


class Database:
    """A pool of connections, and the statements that run on it."""

    def __init__(self, dsn: Dsn, size: int) -> None:
        self.connector = Connector(dsn)
        self._pool = Pool(self.connector, size)
        self._share = max(1, size // 4)  # of the connections: what one user may hold up
        self._turns: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()
        self._batches: dict[StatementByKey, Batch] = {}
        self._now = asyncio.get_running_loop().time

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a statement; all its rows.

        Raises Unavailable where the database cannot do it in time, and asyncpg's
        IntegrityConstraintViolationError where a constraint forbids it.
        """
        begin, spent = self._now(), _spent.get()
        try:
            return await self._run(statement, values, begin + BUDGET - spent)
        except asyncpg.IntegrityConstraintViolationError:
            raise
        except FAILURES as error:
            raise Unavailable from error
        finally:
            _spent.set(spent + self._now() - begin)

    async def fetch_one(self, statement: Statement, **values: Any) -> Row | None:
        """Run a statement; its first row, or None. Raises as `fetch` does."""
        rows = await self.fetch(statement, **values)
        return rows[0] if rows else None

    async def write_in_turn(self, key: UUID, statement: Statement, /, **values: Any) -> Row | None:
        """Run a write on the row of this key, one at a time; its first row, or None.

        Where something else has locked the row, one connection waits for it and not the whole
        pool. Raises as `fetch` does.
        """
        return await self._write(key, 1, statement, values)

    async def write_for(self, owner: UUID, statement: Statement, /, **values: Any) -> Row | None:
        """Run a write that needs the row of its owner; its first row, or None.

        A foreign key waits where something else has locked that row; no more than a quarter of
        the connections waits for one owner. Raises as `fetch` does.
        """
        return await self._write(owner, self._share, statement, values)

    async def _write(
        self, key: UUID, at_once: int, statement: Statement, values: dict[str, Any]
    ) -> Row | None:
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.Semaphore(at_once)
        if turn.locked():
            await self._wait_for(turn)
        else:
            await turn.acquire()
        try:
            return await self.fetch_one(statement, **values)
        finally:
            turn.release()

    async def _wait_for(self, turn: asyncio.Semaphore) -> None:
        begin, spent = self._now(), _spent.get()
        try:
            async with asyncio.timeout(BUDGET - spent):
                await turn.acquire()
        except TimeoutError:
            raise Unavailable from TimeoutError("earlier writes of this row were not done in time")
        _spent.set(spent + self._now() - begin)

    async def fetch_by_key(self, statement: StatementByKey, key: UUID) -> list[Row]:
        """Run a read for one key, together with others that come at the same moment."""
        batch = self._batches.get(statement)
        if batch is None:
            batch = self._batches[statement] = Batch(partial(self._read, statement), statement.by)
        return await batch.fetch(key)

    async def _read(self, statement: StatementByKey, keys: list[UUID]) -> list[Row]:
        if len(keys) == 1:
            return await self.fetch(statement.one, key=keys[0])
        return await self.fetch(statement.many, keys=keys)

    async def ping(self, timeout: float) -> None:
        """Run a real query within `timeout` seconds; raises Unavailable."""
        _spent.set(BUDGET - timeout)
        await self.fetch(PING)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _run(
        self, statement: Statement, values: dict[str, Any], deadline: float
    ) -> list[Row]:
        """Run it; if the connection breaks, again on a fresh one, unless it may be done."""
        arguments = statement.arguments(values)
        retries = 0
        while True:
            try:
                return await self._attempt(statement.sql, arguments, deadline, fresh=retries > 0)
            except TimeoutError:  # an OSError too, but the time is up
                raise
            except MAYBE_TRANSIENT as error:
                retries += 1
                if retries > MAX_RETRIES or not (statement.reads or was_not_done(error)):
                    raise

    async def _attempt(
        self, sql: str, arguments: list[Any], deadline: float, *, fresh: bool = False
    ) -> list[Row]:
        connection = await self._pool.acquire(deadline, fresh=fresh)
        try:
            rows = await self._execute(connection, sql, arguments, deadline)
        except BaseException as error:
            if isinstance(error, asyncpg.PostgresError) and not isinstance(error, SESSION_OVER):
                self._pool.release(connection)  # the server has answered and waits for more
            else:
                self._pool.discard(connection)
            if isinstance(error, BROKEN):
                self._pool.drop_idle()  # they may be as dead, and not know yet
            raise
        self._pool.release(connection)
        return list(map(dict, rows))

    async def _execute(
        self, connection: Connection, sql: str, arguments: list[Any], deadline: float
    ) -> list[asyncpg.Record]:
        if not self.connector.pooler:
            return await connection.fetch(sql, *arguments, timeout=deadline - self._now())
        # asyncpg sends two messages, and between them a pooler may change the server.
        async with asyncio.timeout_at(deadline):
            await connection.execute(BEGIN)
            try:
                rows = await connection.fetch(sql, *arguments)
            except asyncpg.PostgresError:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            return rows
