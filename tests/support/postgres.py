"""Queries on an embedded PostgreSQL, and whether a process has ended."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from core.database import dsn


def query(url: str, statement: str) -> list[Any]:
    """The first column of a statement's rows."""

    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(**dsn.parse(url).arguments())
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def has_ended(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
