"""Opening connections to PostgreSQL, directly or through a pooler."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from core.database.dsn import Dsn

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:  # generic for the type checker only
    Connection = asyncpg.Connection

SESSION_SETTINGS = {
    # Milliseconds; the server gives up by itself where the service is gone.
    "lock_timeout": "3000",
    "statement_timeout": "8500",
    "random_page_cost": "1.1",  # as for SSDs: the planner then reads the list by its index
}
SERVER_SETTINGS = {"application_name": "todo"} | SESSION_SETTINGS
# Behind a pooler in transaction mode, settings last for one transaction.
BEGIN = "; SET LOCAL ".join(["BEGIN", *(f"{k} = {v}" for k, v in SESSION_SETTINGS.items())])
SETTINGS_APPLIED = "SELECT 1 WHERE current_setting('lock_timeout') = '3s'"  # of SESSION_SETTINGS


class Connector:
    """Opens connections, and detects a pooler in transaction mode."""

    def __init__(self, dsn: Dsn) -> None:
        self.dsn = dsn
        self.pooler = dsn.pooler
        self._detected = dsn.pooler

    async def open(self, timeout: float) -> Connection:
        """Open a connection within `timeout` seconds."""
        async with asyncio.timeout(timeout):
            connection = await self._connect_and_detect(timeout)
            self._detected = True
            return connection or await self._connect(timeout)

    async def _connect_and_detect(self, timeout: float) -> Connection | None:
        """Open the first connection; None where a pooler is detected."""
        if self._detected:
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
        self.pooler = not applied  # PgBouncer's ignore_startup_parameters
        return connection if applied else None

    async def _connect(self, timeout: float) -> Connection:
        options: dict[str, Any] = {"server_settings": SERVER_SETTINGS | self.dsn.server_settings}
        if self.pooler:
            options = {"server_settings": self.dsn.server_settings, "statement_cache_size": 0}
        timeout = min(timeout, self.dsn.connect_timeout or timeout)
        arguments = self.dsn.arguments() | options
        connection: Connection = await asyncpg.connect(**arguments, timeout=timeout)
        return connection
