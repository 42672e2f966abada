"""Database connections in use at once: shown by holding up every statement from outside."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import asyncpg

from core.database.connector import SERVER_SETTINGS
from core.database.dsn import parse
from loadtests.processes import CannotRun

if TYPE_CHECKING:
    from core.database.connector import Connection

HOLD = "LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"
LOOK = """
    SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting, count(*) AS open
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1
"""
SETTINGS = {"application_name": "todo load test", "lock_timeout": "1000"}  # of our own two
LONGEST_HOLD = 1.5  # seconds: half of the service's lock_timeout
LINGER = 0.3  # seconds: whether more would come


@dataclass(frozen=True)
class InUse:
    """The service's connections, as the database counts them."""

    most: int = 0
    """Statements that were in the database at one time."""
    open: int = 0
    """Connections that were open at one time."""


class Watch:
    """Two connections of our own: one holds a lock, the other counts who waits for it."""

    def __init__(self, database_url: str, wanted: int) -> None:
        self._arguments: Any = parse(database_url).arguments()
        self._wanted = wanted
        self._loop = asyncio.new_event_loop()
        self._connections: list[Connection] = []
        self.in_use = InUse()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.terminate()  # the server undoes what it was doing, also after Ctrl-C
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def look(self) -> None:
        """Hold every statement on tasks until enough of them wait, a second and a half at most.

        Raises CannotRun.
        """
        try:
            self._loop.run_until_complete(self._look())
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise CannotRun(f"the database cannot be watched: {error}") from error

    async def _look(self) -> None:
        while len(self._connections) < 2:
            self._connections.append(
                await asyncpg.connect(**self._arguments, server_settings=SETTINGS)
            )
        holder, counter = self._connections
        with contextlib.suppress(asyncpg.LockNotAvailableError):
            async with holder.transaction():
                await holder.execute(HOLD)
                await self._count(counter)

    async def _count(self, counter: "Connection") -> None:
        most = opened = 0
        begin = too_few = time.monotonic()
        while (now := time.monotonic()) - begin < LONGEST_HOLD and now - too_few < LINGER:
            row: Any = await counter.fetchrow(LOOK, SERVER_SETTINGS["application_name"])
            most, opened = max(most, row["waiting"]), max(opened, row["open"])
            if row["waiting"] < self._wanted:
                too_few = time.monotonic()
            await asyncio.sleep(0.02)
        before = self.in_use
        self.in_use = InUse(max(before.most, most), max(before.open, opened))
