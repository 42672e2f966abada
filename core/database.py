"""The database: compiled statements in, rows out, one round trip each, every wait bounded."""

import asyncio
from contextvars import ContextVar
from typing import Any

import asyncpg
from sqlmodel import select

from core.connections import Connection, Connector, Pool
from core.dsn import Dsn
from core.errors import Unavailable
from core.statements import Statement

Row = dict[str, Any]

BUDGET = 9.0  # seconds that one request may spend here in all: answers come within ten
CONNECTION_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
PING = Statement(select(1))

_spent: ContextVar[float] = ContextVar("database_seconds_spent", default=0.0)


class Database:
    """A pool of connections, and the statements that run on it."""

    def __init__(self, dsn: Dsn, size: int) -> None:
        self.connector = Connector(dsn)
        self._pool = Pool(self.connector, size)

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a statement; all its rows.

        Raises Unavailable where the database cannot do it in time, and asyncpg's
        IntegrityConstraintViolationError where a constraint forbids it.
        """
        now = asyncio.get_running_loop().time
        begin, spent = now(), _spent.get()
        try:
            return await self._run(statement, values, begin + BUDGET - spent)
        except asyncpg.IntegrityConstraintViolationError:
            raise
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable from error
        finally:
            _spent.set(spent + now() - begin)

    async def fetch_one(self, statement: Statement, **values: Any) -> Row | None:
        """Run a statement; its first row, or None. Raises as `fetch` does."""
        rows = await self.fetch(statement, **values)
        return rows[0] if rows else None

    async def ping(self, timeout: float) -> None:
        """Run a real query within `timeout` seconds; raises Unavailable."""
        try:
            async with asyncio.timeout(timeout):
                await self.fetch(PING)
        except TimeoutError as error:
            raise Unavailable from error

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def _run(
        self, statement: Statement, values: dict[str, Any], deadline: float
    ) -> list[Row]:
        """Once; a read whose connection breaks once more. A write may have been done: never."""
        arguments = statement.arguments(values)
        try:
            return await self._attempt(statement.sql, arguments, deadline)
        except TimeoutError:
            raise
        except CONNECTION_LOST:
            if not statement.reads:
                raise
            return await self._attempt(statement.sql, arguments, deadline)

    async def _attempt(self, sql: str, arguments: list[Any], deadline: float) -> list[Row]:
        connection = await self._pool.acquire(deadline)
        try:
            rows = await self._execute(connection, sql, arguments, deadline)
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
            self._pool.release(connection)
            raise
        except BaseException:
            self._pool.discard(connection)
            raise
        self._pool.release(connection)
        return list(map(dict, rows))

    async def _execute(
        self, connection: Connection, sql: str, arguments: list[Any], deadline: float
    ) -> list[asyncpg.Record]:
        if not self.connector.pooler:
            return await connection.fetch(sql, *arguments, timeout=_until(deadline))
        # asyncpg sends two messages, and between them a pooler may change the server.
        async with asyncio.timeout_at(deadline), connection.transaction():
            return await connection.fetch(sql, *arguments)


def _until(deadline: float) -> float:
    return deadline - asyncio.get_running_loop().time()
