"""The pool: a bounded number of connections, kept open and lent out."""

import asyncio
from collections import deque

from core.database.connector import Connection, Connector

MAX_IDLE = 240  # seconds; firewalls and serverless databases drop silently from 300 on


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
        self._sweeper = self._loop.call_later(MAX_IDLE / 4, self._sweep)

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
        self._sweeper = self._loop.call_later(MAX_IDLE / 4, self._sweep)
        limit = self._loop.time() - MAX_IDLE
        while self._idle and self._idle[0][0] < limit:
            self.discard(self._idle.pop(0)[1])

    async def close(self) -> None:
        """Close every idle connection; those on lease are not waited for."""
        self._sweeper.cancel()
        while self._idle:
            self.discard(self._idle.pop()[1])
        if self._closing:
            await asyncio.wait(self._closing)
