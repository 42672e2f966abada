"""Connections to PostgreSQL: opened with our settings, and a bounded pool of them."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from core.dsn import Dsn

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:  # generic for the type checker only
    Connection = asyncpg.Connection

SESSION_SETTINGS = {
    # Milliseconds after which the server itself gives up, should we be gone or cut off.
    "lock_timeout": "3000",
    "statement_timeout": "8500",
    "random_page_cost": "1.1",  # right for SSDs: the list is then read in the index's order
}
SERVER_SETTINGS = {"application_name": "todo"} | SESSION_SETTINGS
# Behind a pooler a session lasts one transaction.
BEGIN = "; SET LOCAL ".join(["BEGIN", *(f"{k} = {v}" for k, v in SESSION_SETTINGS.items())])
HEARD = "SELECT 1 WHERE current_setting('lock_timeout') = '3s'"  # of SESSION_SETTINGS
LONGEST_IDLE = 240  # seconds; firewalls and serverless databases drop silently from 300 on


class Connector:
    """Opens connections; learns when a pooler in transaction mode stands in between."""

    def __init__(self, dsn: Dsn) -> None:
        self.dsn = dsn
        self.pooler = dsn.pooler
        self._tried = dsn.pooler

    async def open(self, timeout: float) -> Connection:
        """A new connection, within `timeout` seconds."""
        async with asyncio.timeout(timeout):
            connection = await self._try(timeout)
            self._tried = True
            return connection or await self._connect(timeout)

    async def _try(self, timeout: float) -> Connection | None:
        """The first connection, or None where it turns out that there is a pooler."""
        if self._tried:
            return None
        try:
            connection = await self._connect(timeout)
        except asyncpg.ProtocolViolationError:  # PgBouncer: "unsupported startup parameter"
            self.pooler = True
            return None
        heard = False
        try:
            heard = await connection.execute(HEARD) == "SELECT 1"
        finally:
            if not heard:
                connection.terminate()
        self.pooler = not heard  # but swallowed: PgBouncer's ignore_startup_parameters
        return connection if heard else None

    async def _connect(self, timeout: float) -> Connection:
        options: dict[str, Any] = {"server_settings": SERVER_SETTINGS | self.dsn.server_settings}
        if self.pooler:
            options = {"server_settings": self.dsn.server_settings, "statement_cache_size": 0}
        timeout = min(timeout, self.dsn.connect_timeout or timeout)
        arguments = self.dsn.arguments() | options
        connection: Connection = await asyncpg.connect(**arguments, timeout=timeout)
        return connection


class Pool:
    """At most `size` connections, the one used last first.

    Leaner than asyncpg's: no proxies, no reset query (we keep no session state), no set-up
    task; a request costs 55 µs less. A lease ends with `release`, or with `discard` where
    the connection may be in the middle of something.
    """

    def __init__(self, connector: Connector, size: int) -> None:
        self.size = size
        self._connector = connector
        self._open = 0
        self._idle: list[tuple[float, Connection]] = []
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._closing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.call_later(LONGEST_IDLE / 4, self._sweep)

    async def acquire(self, deadline: float, *, fresh: bool = False) -> Connection:
        """Lease a connection before `deadline` (seconds of the loop's clock); a new one if `fresh`.

        Raises TimeoutError at the deadline, and whatever stops a new connection.
        """
        while self._idle and not fresh:
            connection = self._idle.pop()[1]
            if not connection.is_closed():  # free: asyncpg sees the server hang up
                return connection
            self._open -= 1
        try:
            async with asyncio.timeout_at(deadline):
                while self._open >= self.size:
                    if connection := await self._handed_over():  # type: ignore[assignment]
                        if not fresh:
                            return connection
                        connection.terminate()
                        self._open -= 1
        except TimeoutError:
            raise TimeoutError(f"none of {self.size} connections was free in time") from None
        async with asyncio.timeout_at(deadline):
            return await self._connect(deadline)

    async def _handed_over(self) -> Connection | None:
        """The connection that somebody releases, or None where a place has become free."""
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise

    async def _connect(self, deadline: float) -> Connection:
        self._open += 1
        try:
            return await self._connector.open(deadline - self._loop.time())
        except BaseException:
            self._free_place()
            raise

    def release(self, connection: Connection) -> None:
        """End a lease; the connection is idle."""
        if connection.is_closed():
            self._free_place()
        else:
            self._pass_on(connection)

    def discard(self, connection: Connection) -> None:
        """End a lease; the connection's state is unknown. Its place is free once it is closed."""
        closing = self._loop.create_task(self._close(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def drop_idle(self) -> None:
        """Part with every idle connection at once."""
        while self._idle:
            self._idle.pop()[1].terminate()
            self._free_place()

    async def _close(self, connection: Connection) -> None:
        try:
            await connection.close(timeout=2)  # waits until a running statement is cancelled
        except Exception:  # noqa: BLE001 - it is gone either way
            connection.terminate()
        finally:
            self._free_place()

    def _free_place(self) -> None:
        self._open -= 1
        if self._waiters:
            self._pass_on(None)

    def _pass_on(self, connection: Connection | None) -> None:
        """Give a connection, or a free place, to whoever has waited longest."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection:
            self._idle.append((self._loop.time(), connection))

    def _sweep(self) -> None:
        """Close what has been idle for long, before somebody else does it silently."""
        self._sweeper = self._loop.call_later(LONGEST_IDLE / 4, self._sweep)
        limit = self._loop.time() - LONGEST_IDLE
        while self._idle and self._idle[0][0] < limit:
            self.discard(self._idle.pop(0)[1])

    async def close(self) -> None:
        """Close every idle connection; those on lease are not waited for."""
        self._sweeper.cancel()
        while self._idle:
            self.discard(self._idle.pop()[1])
        if self._closing:
            await asyncio.wait(self._closing)
