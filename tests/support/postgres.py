"""Servers of our own for the tests of the embedded PostgreSQL, and a service that may be killed."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import asyncpg

from core.database import dsn
from embedded.account import CURRENT, Account
from embedded.directory import first_line
from tests.support.program import eventually

REPOSITORY = Path(__file__).parents[2]
# Starts a server, says its process id, and then the number of every row that the server took.
WRITER = """
import asyncio, sys
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

with Postgres(Path(sys.argv[1])) as server:
    print(server.pid, flush=True)
    asyncio.run(write(server.url))
"""
ENDLESS = 10**9


def data_directory(tmp_path: Path) -> Iterator[Path]:
    """Name a data directory; as root nobody else can reach it. To be made a fixture."""
    yield tmp_path / "data"

    def removed() -> bool:
        shutil.rmtree(tmp_path, ignore_errors=True)
        return not tmp_path.exists()

    assert eventually(removed)


def query(url: str, statement: str) -> list[Any]:
    """Ask for the first column of the answer."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(**dsn.parse(url).arguments())
        try:
            return [row[0] for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


class Writer:
    """WRITER in a process of its own, which may be killed; nothing is left of it at the end."""

    def __init__(self, directory: Path, rows: int = ENDLESS, account: Account = CURRENT) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, directory, str(rows)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
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
        if pid and not eventually(partial(has_ended, int(pid)), 2):  # as it should have
            os.kill(int(pid), signal.SIGQUIT)


def has_ended(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
