"""What a user and a task take on disk, and what random keys cost against ordered ones."""

import asyncio
import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from core.database.dsn import parse
from loadtests.people import DESCRIPTION, TITLE

SCHEMA = Path(__file__).resolve().parents[2] / "schema.sql"
USERS, TASKS, CHUNK = 50_000, 1_000_000, 2_000
STRIDE = 7_919  # a prime, so that each user gets as many
BETWEEN_CHECKPOINTS = 20_000  # tasks
SMALL = {"shared_buffers": "16MB"}  # less than the indexes, as where tables are large
EMAIL = "somebody-{:06d}@example.com"  # 27 letters
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ADD_USER = "INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3)"
ADD_TASK = """
    INSERT INTO tasks (id, title, description, user_id, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $5)
"""
SPENT = "SELECT wal_bytes::float8 AS wal, wal_fpi AS images FROM pg_stat_wal"
WRITTEN = """
    SELECT buffers_checkpoint + buffers_clean + buffers_backend AS pages FROM pg_stat_bgwriter
"""
SIZES = """
    SELECT relname AS name, pg_relation_size(oid)::float8 AS bytes FROM pg_class
    WHERE relname ~ '^(users|tasks)' AND relkind IN ('r', 'i')
"""
DENSITY = "SELECT avg_leaf_density FROM pgstatindex('tasks_pkey')"
Connection = Any  # asyncpg's is generic for the type checker only


def key(name: str) -> UUID:
    """A key as random as any, which SQL finds again: md5('name')::uuid."""
    return UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())


def owner(task: int) -> int:
    """Whose task it is: all users have their turn, in an order that has none."""
    return task * STRIDE % USERS


def fill(
    url: str, *, ordered: bool, tasks: int = TASKS, between: int = BETWEEN_CHECKPOINTS
) -> dict[str, float]:
    """Put users and their tasks into an empty database as they come; what that takes."""
    return asyncio.run(_fill(url, ordered, tasks, between))


async def _fill(url: str, ordered: bool, tasks: int, between: int) -> dict[str, float]:
    connection = await asyncpg.connect(**parse(url).arguments())
    await prepare(connection)
    await connection.execute("CREATE EXTENSION pgstattuple")
    await connection.execute("CHECKPOINT")
    before = await spent(connection)
    seconds = 0.0
    for start in range(0, tasks, CHUNK):
        rows = [_task(number, ordered) for number in range(start, start + CHUNK)]
        began = time.perf_counter()
        await connection.executemany(ADD_TASK, rows)
        if start and start % between == 0:
            await connection.execute("CHECKPOINT")
        seconds += time.perf_counter() - began
    await connection.execute("CHECKPOINT")
    after = await spent(connection)
    found = {name: (after[name] - before[name]) / tasks for name in after}
    found |= {"rate": tasks / seconds, "density": await connection.fetchval(DENSITY)}
    found |= await _sizes(connection, "", tasks)
    for table in ("users", "tasks"):
        await connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
    found |= await _sizes(connection, "_packed", tasks)
    await connection.close()
    return found


async def prepare(connection: Connection) -> None:
    """Put the tables and the users into an empty database."""
    await connection.execute(SCHEMA.read_text())
    await connection.executemany(ADD_USER, map(_user, range(USERS)))


def _user(number: int) -> tuple[object, ...]:
    """With something as long as a bcrypt hash, and that packs as badly."""
    password_hash = hashlib.sha256(f"{number}".encode()).hexdigest()[:60]
    return key(f"{number}"), EMAIL.format(number), password_hash


def _task(number: int, ordered: bool) -> tuple[Any, ...]:
    """One each second."""
    now = BEGIN + timedelta(seconds=number)
    task_id = _ordered(now) if ordered else key(f"task {number}")
    return task_id, TITLE.format(number % 100), DESCRIPTION, key(f"{owner(number)}"), now


def _ordered(now: datetime) -> UUID:
    """A version 7 in all that an index cares for (RFC 9562, section 5.7)."""
    milliseconds = int(now.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (uuid4().int & ((1 << 80) - 1)))


async def spent(connection: Connection) -> dict[str, float]:
    """Bytes of log, page images in it, and pages written, since the server began to count."""
    await asyncio.sleep(1)  # until the statistics are in
    return {**await connection.fetchrow(SPENT), **await connection.fetchrow(WRITTEN)}


async def _sizes(connection: Connection, suffix: str, tasks: int) -> dict[str, float]:
    """Bytes by table and index, for each user or task."""
    return {
        row["name"] + suffix: row["bytes"] / (tasks if row["name"].startswith("tasks") else USERS)
        for row in await connection.fetch(SIZES)
    }
