"""What waiting for a standby costs a write, and what a read from the standby then sees."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from core.database.dsn import parse
from deploy.fleet.databases import Databases
from loadtests.scaling import servers
from loadtests.scaling.storage import ADD_TASK, BEGIN, SCHEMA, key

MODES = ("local", "remote_write", "on", "remote_apply")
ROUNDS, CLIENTS, WRITES = 9, 4, 1_000
TRIES = 500
OWNER = "INSERT INTO users (id, email, password_hash) VALUES ('{}', 'a@example.com', '!')"
WRITE = "INSERT INTO tasks (title, user_id) VALUES ('Buy milk', '{}') RETURNING *;"
SEEN = "SELECT true FROM tasks WHERE id = $1"
CHANGE = "UPDATE tasks SET completed = true WHERE id = $1"
Connection = Any  # asyncpg's is generic for the type checker only


def measure() -> dict[str, dict[str, float]]:
    """For each synchronous_commit: milliseconds of a write, and what the standby shows."""
    me = key("1")
    with tempfile.TemporaryDirectory(prefix="todo-scaling-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for PostgreSQL's account
        with Databases(folder) as databases:
            primary, standby = databases.primary, databases.standby
            databases.ask(SCHEMA.read_text() + OWNER.format(me))
            found: dict[str, list[float]] = {mode: [] for mode in MODES}
            for _ in range(ROUNDS):
                for mode, rounds in found.items():
                    options = f"-c synchronous_commit={mode}"
                    cost = servers.run(
                        primary, WRITE.format(me), clients=CLIENTS, count=WRITES, options=options
                    )
                    rounds.append(cost.milliseconds)
            with servers.busy(primary, WRITE.format(me), clients=CLIENTS):
                return {
                    mode: {
                        "ms": min(rounds),
                        "stale": asyncio.run(_try(_stale, primary.url, standby.url, mode)),
                        "ahead": asyncio.run(_try(_ahead, primary.url, standby.url, mode)),
                    }
                    for mode, rounds in found.items()
                }


async def _try(case: Callable[..., Any], primary: str, standby: str, mode: str) -> float:
    """The share of tries in which the case is found."""
    settings = {"synchronous_commit": mode}
    writer = await asyncpg.connect(**parse(primary).arguments(), server_settings=settings)
    other = await asyncpg.connect(**parse(primary).arguments())
    reader = await asyncpg.connect(**parse(standby).arguments())
    try:
        found: list[bool] = [await case(writer, reader, other) for _ in range(TRIES)]
        return sum(found) / TRIES
    finally:
        for connection in (writer, other, reader):
            await connection.close()


async def _stale(writer: Connection, reader: Connection, _: Connection) -> bool:
    """Whether the standby does not show what was acknowledged a moment ago."""
    task_id = uuid4()
    await writer.execute(ADD_TASK, *_task(task_id))
    return await reader.fetchval(SEEN, task_id) is None


async def _ahead(writer: Connection, reader: Connection, other: Connection) -> bool:
    """Whether the standby shows what a change at the primary does not find yet."""
    task_id = uuid4()
    write = asyncio.create_task(writer.execute(ADD_TASK, *_task(task_id)))
    while await reader.fetchval(SEEN, task_id) is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
    changed: str = await other.execute(CHANGE, task_id)
    await write
    return changed == "UPDATE 0"


def _task(task_id: object) -> tuple[object, ...]:
    return task_id, "Buy milk", None, key("1"), BEGIN
