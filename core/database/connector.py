"""Connections to PostgreSQL, opened with our settings, straight or through a pooler."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from core.database.dsn import Dsn

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
SETTINGS_APPLIED = "SELECT 1 WHERE current_setting('lock_timeout') = '3s'"  # of SESSION_SETTINGS


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
        applied = False
        try:
            applied = await connection.execute(SETTINGS_APPLIED) == "SELECT 1"
        finally:
            if not applied:
                connection.terminate()
        self.pooler = not applied  # but swallowed: PgBouncer's ignore_startup_parameters
        return connection if applied else None

    async def _connect(self, timeout: float) -> Connection:
        options: dict[str, Any] = {"server_settings": SERVER_SETTINGS | self.dsn.server_settings}
        if self.pooler:
            options = {"server_settings": self.dsn.server_settings, "statement_cache_size": 0}
        timeout = min(timeout, self.dsn.connect_timeout or timeout)
        arguments = self.dsn.arguments() | options
        connection: Connection = await asyncpg.connect(**arguments, timeout=timeout)
        return connection
