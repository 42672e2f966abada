"""Queries on an embedded PostgreSQL, its programs, and whether a process has ended."""

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg

from core.database import dsn
from embedded.binaries import find_binaries, folders_of_system


def system_binaries() -> Path:
    """PostgreSQL's programs: those in `PG_BINDIR`, of the system, or of the wheel."""
    if chosen := os.environ.get("PG_BINDIR"):
        return Path(chosen)
    return next(filter(Path.exists, folders_of_system()), None) or find_binaries()


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
