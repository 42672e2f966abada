"""The schema: missing tables are created at the start."""

import asyncio

from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from sqlmodel import SQLModel

from core.database.connector import Connection, Connector
from core.database.failures import FAILURES, NOT_RETRYABLE
from core.database.statements import DIALECT
from core.settings import exit_with

ADVISORY_LOCK = 0x746F646F  # "todo"; held while tables are created
STARTUP_TIMEOUT = 5.0  # seconds
# Not `to_regclass`: it uses the session's cache, which lacks tables that another session created
# while this one waited for the lock.
MISSING = """
    SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS
        (SELECT FROM pg_class WHERE relname = name AND pg_table_is_visible(oid))"""


class DatabaseUnreachable(Exception):
    """The database cannot be used; the message names host, port and reason."""


async def prepare(connector: Connector) -> None:
    """Connect, for five seconds at most, and create missing tables.

    Raises DatabaseUnreachable.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STARTUP_TIMEOUT
    while True:
        try:
            return await _create_all(connector, deadline - loop.time())
        except FAILURES as error:
            if loop.time() + 0.2 >= deadline or isinstance(error, NOT_RETRYABLE):
                raise DatabaseUnreachable(_explain(connector, error)) from error
        await asyncio.sleep(0.2)


async def prepare_or_exit(connector: Connector) -> None:
    """The same; where the database cannot be used, print the reason and exit with 3."""
    try:
        await prepare(connector)
    except DatabaseUnreachable as error:
        exit_with(3, str(error))


def _explain(connector: Connector, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else "no answer"
    if isinstance(error, TimeoutError):
        reason = "no answer"
    elif isinstance(error, OSError):
        reason = error.strerror or reason
    return f"DATABASE_URL: the database at {connector.dsn.address} cannot be used: {reason}"


async def _create_all(connector: Connector, timeout: float) -> None:
    async with asyncio.timeout(timeout):
        connection = await connector.open(timeout)
        try:
            await connection.execute("BEGIN")  # so that a pooler keeps the server connection
            if await _missing(connection):
                await _create_missing(connection)
            await connection.execute("COMMIT")
            await connection.close()
        finally:
            connection.terminate()


async def _missing(connection: Connection) -> list[str]:
    names = [table.name for table in SQLModel.metadata.sorted_tables]
    return [row["name"] for row in await connection.fetch(MISSING, names)]


async def _create_missing(connection: Connection) -> None:
    await connection.execute(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    for name in await _missing(connection):
        for command in _commands(name):
            await connection.execute(command)


def _commands(name: str) -> list[str]:
    table = SQLModel.metadata.tables[name]
    commands: list[DDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    return [str(command.compile(dialect=DIALECT)) for command in commands]
