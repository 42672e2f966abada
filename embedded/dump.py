"""The dump: all data as plain SQL, which psql loads into another PostgreSQL.

One transaction reads and one loads, so that the data are of one moment and loaded whole or not
at all. Rows are streamed.
"""

import sys
from typing import Any, BinaryIO

import asyncpg
from sqlalchemy import Select, func, select
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement, Table

from core.database import dsn
from core.database.connector import Connection
from core.database.statements import DIALECT
from core.database.tables import Task
from embedded import PostgresError

BEGIN = """\
-- The data of a Todo service, to be loaded by psql in one transaction.
\\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL statement_timeout = 0;
"""
FOUND = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"""
CONNECT_TIMEOUT = 5.0  # seconds
quote = DIALECT.identifier_preparer.quote


async def write_dump(url: str, output: BinaryIO) -> None:
    """Write the tables of the service and of the loaded plugins, with their rows.

    Raises PostgresError, and OSError where the output fails.
    """
    try:
        connection: Connection = await asyncpg.connect(
            **dsn.parse(url).arguments(), timeout=CONNECT_TIMEOUT
        )
    except (OSError, asyncpg.PostgresError) as error:
        raise PostgresError(f"the embedded PostgreSQL does not answer: {error}") from error
    try:
        # Not asyncpg's transaction(), which would wait for a rollback after a signal.
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await _write_all(connection, output)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PostgresError(f"the embedded PostgreSQL broke the connection: {error}") from error
    finally:
        connection.terminate()


async def _write_all(connection: Connection, output: BinaryIO) -> None:
    found = {row["relname"] for row in await connection.fetch(FOUND)}
    metadata = Task.metadata
    for name in sorted(found - metadata.tables.keys()):
        message = f"warning: table {name} is left out: no plugin declares it"
        print(message, file=sys.stderr)  # noqa: T201
    output.write(BEGIN.encode())
    for table in metadata.sorted_tables:
        _write_command(output, CreateTable(table, if_not_exists=True))
        if table.name in found:
            await _write_rows(connection, table, output)
        for index in table.indexes:
            _write_command(output, CreateIndex(index, if_not_exists=True))
    output.write(b"COMMIT;\n")
    output.flush()


def _write_command(output: BinaryIO, command: DDLElement | Select[Any]) -> None:
    compiled = command.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
    output.write(f"\n{str(compiled).strip()};\n".encode())


async def _write_rows(connection: Connection, table: Table, output: BinaryIO) -> None:
    async def write(data: bytes) -> None:
        output.write(data)

    columns = [column.name for column in table.columns if not column.computed]
    listed = ", ".join(map(quote, columns))
    output.write(f"\nCOPY {quote(table.name)} ({listed}) FROM stdin;\n".encode())
    await connection.copy_from_table(table.name, columns=columns, output=write)
    output.write(b"\\.\n")
    if (counted := table.autoincrement_column) is not None:
        sequence = func.pg_get_serial_sequence(quote(table.name), counted.name)
        _write_command(output, select(func.setval(sequence, func.max(counted))))
