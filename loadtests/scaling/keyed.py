"""What an Idempotency-Key takes on disk and in the log, as in a service that runs for long."""

import asyncio
import hashlib
from typing import Any

import asyncpg

from core.database.dsn import parse
from loadtests.people import DESCRIPTION, TITLE
from loadtests.scaling import storage
from loadtests.scaling.storage import STRIDE, USERS, key, owner
from plugins.tasks import ADD_ONCE

KEYS = 40_000
NO_IMAGES = {"full_page_writes": "off"}  # the plan adds them by its formula
# Keys of yesterday, which each new one sweeps away: one on average.
EXPIRED = f"""
    INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
    SELECT md5((n::bigint * {STRIDE} % {USERS})::text)::uuid, gen_random_uuid()::text,
           sha256(n::text::bytea), now() - interval '25 hours' + n * interval '1 millisecond'
    FROM generate_series(1, {{}}) AS n
"""  # noqa: S608
SIZES = """
    SELECT relname AS name, pg_relation_size(oid)::float8 AS bytes FROM pg_class
    WHERE relname ~ '^idempotency_keys' AND relkind IN ('r', 'i')
"""


def measure(url: str) -> dict[str, float]:
    """Bytes for each key, by table and index, and `wal` of an addition with a key."""
    return asyncio.run(_measure(url))


async def _measure(url: str) -> dict[str, float]:
    connection: Any = await asyncpg.connect(**parse(url).arguments())
    try:
        await storage.prepare(connection)
        await connection.execute(EXPIRED.format(KEYS))
        found = {row["name"]: row["bytes"] / KEYS for row in await connection.fetch(SIZES)}
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        before = await storage.spent(connection)
        await connection.execute("SET synchronous_commit = off")
        for number in range(KEYS):  # one at a time: what a transaction has swept, it sees again
            await connection.execute(ADD_ONCE.statement.sql, *_arguments(number))
        after = await storage.spent(connection)
        return found | {"wal": (after["wal"] - before["wal"]) / KEYS}
    finally:
        await connection.close()


def _arguments(number: int) -> list[Any]:
    return ADD_ONCE.statement.arguments(
        {
            "owner": key(f"{owner(number)}"),
            "key": f"{key(f'new {number}')}",
            "title": TITLE.format(number % 100),
            "description": DESCRIPTION,
            "fingerprint": hashlib.sha256(f"{number}".encode()).digest(),
        }
    )
