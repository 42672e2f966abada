"""Queries on an embedded PostgreSQL, and a process with one that tests may kill."""

import asyncio
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Self

import asyncpg

from core.database import dsn
from embedded.directory import first_line
from tests.support.program import eventually

REPOSITORY = Path(__file__).parents[2]
# Starts a server, prints its process id, then the number of each row that was committed.
# It changes its account after the imports: others may be unable to read Python or this code.
WRITER = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from core.database import dsn
from embedded import Postgres

async def write(url):
    connection = await asyncpg.connect(**dsn.parse(url).arguments())
    await connection.execute("DROP TABLE IF EXISTS numbers; CREATE TABLE numbers (number int)")
    for number in range(int(sys.argv[2])):
        await connection.execute("INSERT INTO numbers VALUES ($1)", number)
        print(number, flush=True)
    await connection.close()

if account := int(sys.argv[3]):
    os.setgroups([])
    os.setgid(account)
    os.setuid(account)
with Postgres(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    asyncio.run(write(server.url))
"""
ENDLESS = 10**9


def query(url: str, statement: str) -> list[Any]:
    """The first column of a statement's rows."""

    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(**dsn.parse(url).arguments())
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


class Writer:
    """WRITER in a process of its own; its server is killed too where it outlives it."""

    def __init__(self, directory: Path, rows: int = ENDLESS, account: int = 0) -> None:
        """With an `account`, root's process changes its user and group to this id."""
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, directory, str(rows), str(account)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )

    def next_number(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.communicate()
        pid = first_line(self.directory / "cluster/postmaster.pid")
        if pid and not eventually(partial(has_ended, int(pid)), 2):
            os.kill(int(pid), signal.SIGQUIT)


def has_ended(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
