"""How many parts of tables that are divided by owner each statement touches."""

import asyncio
import re
from typing import Any

import asyncpg

from core.database.dsn import parse
from core.database.statements import Statement
from loadtests.scaling.storage import SCHEMA, key
from plugins.tasks import ADD, ADD_ONCE, EXISTS, LIST, READ, REMOVE, change_of

PARTS = 16
STATEMENTS = {
    "list": LIST.one,
    "read, with its owner": READ,
    "change, with its owner": change_of(frozenset({"completed"})),
    "delete, with its owner": REMOVE,
    "add": ADD,
    "add, with an Idempotency-Key": ADD_ONCE.statement,
    "is it somebody else's (403) or nobody's (404)": EXISTS,
}
VALUES = {
    "key": f"{key('0')}",  # of a list, and of an idempotent request
    "owner": key("0"),
    "task_id": key("task 0"),
    "title": "Buy milk",
    "description": None,
    "completed": True,
    "fingerprint": b"",
}
DIVIDE = """
    ALTER TABLE {0} RENAME TO whole;
    CREATE TABLE {0} (
        LIKE whole INCLUDING DEFAULTS,
        PRIMARY KEY ({1}),
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ) PARTITION BY HASH (user_id);
    DROP TABLE whole;
    DO $$ BEGIN FOR part IN 0..{2} - 1 LOOP
        EXECUTE format('CREATE TABLE {0}_%s PARTITION OF {0}
                        FOR VALUES WITH (MODULUS {2}, REMAINDER %s)', part, part);
    END LOOP; END $$;
"""
DIVIDED = (
    DIVIDE.format("tasks", "user_id, id", PARTS)
    + "CREATE INDEX tasks_list_idx ON tasks (user_id, created_at DESC, id);"
    + DIVIDE.format("idempotency_keys", "user_id, key", PARTS)
    + "CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);"
)
Connection = Any  # asyncpg's is generic for the type checker only


def touched(url: str) -> dict[str, int]:
    """How many of PARTS each statement looks at, in an empty database, divided by owner."""
    return asyncio.run(_touched(url))


async def _touched(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(**parse(url).arguments())
    try:
        await connection.execute(SCHEMA.read_text() + DIVIDED)
        add_user = "INSERT INTO users (id, email, password_hash) VALUES ($1, 'a@example.com', '!')"
        await connection.execute(add_user, key("0"))
        return {name: await _touched_by(connection, each) for name, each in STATEMENTS.items()}
    finally:
        await connection.close()


async def _touched_by(connection: Connection, statement: Statement) -> int:
    explain = f"EXPLAIN (FORMAT JSON) {statement.sql}"
    plan: str = await connection.fetchval(explain, *statement.arguments(VALUES))
    return max(1, len({*re.findall(r'"Relation Name": "\w+_(\d+)"', plan)}))
