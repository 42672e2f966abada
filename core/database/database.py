"""The database: runs compiled statements, one round trip each, every wait bounded."""

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
from core.database.failures import (
    BROKEN,
    FAILURES,
    MAYBE_TRANSIENT,
    SESSION_OVER,
    write_certainly_not_applied,
)
from core.database.pool import Pool
from core.database.statements import Statement, StatementByKey
from core.errors import Unavailable

Row = dict[str, Any]

BUDGET = 8.5  # seconds that one request may wait for the database in all
MAX_RETRIES = 3  # on new connections, which may break as well
PING = Statement(select(1))

_spent: ContextVar[float] = ContextVar("database_seconds_spent", default=0.0)


class Database:
    """A pool of connections, and the statements that run on it."""

    def __init__(self, dsn: Dsn, size: int) -> None:
        self.connector = Connector(dsn)
        self._pool = Pool(self.connector, size)
        self._max_connections_per_owner = max(1, size // 4)
        self._locks: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()
        self._batches: dict[StatementByKey, Batch] = {}
        self._now = asyncio.get_running_loop().time

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a statement and return all its rows.

        Raises Unavailable where the database fails or takes too long, and asyncpg's
        IntegrityConstraintViolationError where a constraint is violated.
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
        """Run a statement and return its first row, or None. Raises as `fetch` does."""
        rows = await self.fetch(statement, **values)
        return rows[0] if rows else None

    async def write_in_turn(self, key: UUID, statement: Statement, /, **values: Any) -> Row | None:
        """Run a write of the row with this key, one at a time; return its first row, or None.

        Where another session has locked the row, one connection waits for it, not the whole
        pool. Raises as `fetch` does.
        """
        return await self._write(key, 1, statement, values)

    async def write_for(self, owner: UUID, statement: Statement, /, **values: Any) -> Row | None:
        """Run a write that refers to the owner's row; return its first row, or None.

        Where another session has locked that row, the foreign key check waits; at most a quarter
        of the connections wait for one owner. Raises as `fetch` does.
        """
        return await self._write(owner, self._max_connections_per_owner, statement, values)

    async def _write(
        self, key: UUID, limit: int, statement: Statement, values: dict[str, Any]
    ) -> Row | None:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Semaphore(limit)
        if lock.locked():
            await self._wait_for(lock)
        else:
            await lock.acquire()
        try:
            return await self.fetch_one(statement, **values)
        finally:
            lock.release()

    async def _wait_for(self, lock: asyncio.Semaphore) -> None:
        begin, spent = self._now(), _spent.get()
        try:
            async with asyncio.timeout(BUDGET - spent):
                await lock.acquire()
        except TimeoutError:
            raise Unavailable from TimeoutError("earlier writes of this row were not done in time")
        _spent.set(spent + self._now() - begin)

    async def fetch_by_key(self, statement: StatementByKey, key: UUID) -> list[Row]:
        """Run a read for one key, together with others of the same turn of the event loop."""
        batch = self._batches.get(statement)
        if batch is None:
            batch = self._batches[statement] = Batch(partial(self._read, statement), statement.by)
        return await batch.fetch(key)

    async def _read(self, statement: StatementByKey, keys: list[UUID]) -> list[Row]:
        if len(keys) == 1:
            return await self.fetch(statement.one, key=keys[0])
        return await self.fetch(statement.many, keys=keys)

    async def ping(self, timeout: float) -> None:
        """Run a query within `timeout` seconds. Raises Unavailable."""
        _spent.set(BUDGET - timeout)
        await self.fetch(PING)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _run(
        self, statement: Statement, values: dict[str, Any], deadline: float
    ) -> list[Row]:
        """Run a statement; repeat it on a new connection where nothing can have been written."""
        arguments = statement.arguments(values)
        retries = 0
        while True:
            try:
                return await self._attempt(statement.sql, arguments, deadline, fresh=retries > 0)
            except TimeoutError:  # it is an OSError too
                raise
            except MAYBE_TRANSIENT as error:
                retries += 1
                repeatable = statement.reads or write_certainly_not_applied(error)
                if retries > MAX_RETRIES or not repeatable:
                    raise

    async def _attempt(
        self, sql: str, arguments: list[Any], deadline: float, *, fresh: bool = False
    ) -> list[Row]:
        connection = await self._pool.acquire(deadline, fresh=fresh)
        try:
            rows = await self._execute(connection, sql, arguments, deadline)
        except BaseException as error:
            if isinstance(error, asyncpg.PostgresError) and not isinstance(error, SESSION_OVER):
                self._pool.release(connection)  # the server is ready for the next statement
            else:
                self._pool.discard(connection)
            if isinstance(error, BROKEN):
                self._pool.drop_idle()  # they may be broken as well
            raise
        self._pool.release(connection)
        return list(map(dict, rows))

    async def _execute(
        self, connection: Connection, sql: str, arguments: list[Any], deadline: float
    ) -> list[asyncpg.Record]:
        if not self.connector.pooler:
            return await connection.fetch(sql, *arguments, timeout=deadline - self._now())
        # asyncpg prepares and executes in two messages; a transaction keeps them on one server.
        async with asyncio.timeout_at(deadline):
            await connection.execute(BEGIN)
            try:
                rows = await connection.fetch(sql, *arguments)
            except asyncpg.PostgresError:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
            return rows
