"""What each request costs the database, and how many parts of a divided table it touches."""

import asyncio
import re
from typing import Any

import asyncpg

from core.dsn import parse
from core.postgres import Postgres
from core.statements import Statement
from loadtests.scaling import servers
from loadtests.scaling.storage import SCHEMA, STRIDE, TASKS, USERS, key
from plugins.tasks import ADD, ADD_ONCE, EXISTS, LIST, READ, REMOVE, change_of

ROUNDS, CLIENTS, COUNT = 5, 8, 4_000
PARTS = 16
Connection = Any  # asyncpg's is generic for the type checker only
NUMBER = f"\\set n random(0, {TASKS - 1})\n"
ID = "md5('task ' || :n::bigint)::uuid"
OWNER = f"md5((:n::bigint * {STRIDE} % {USERS})::text)::uuid"
# What the service sends, with keys that pgbench can make up.
LOOK = "SELECT * FROM tasks WHERE"
TICK_OFF = "UPDATE tasks SET completed = true, updated_at = clock_timestamp() WHERE"
ADDED = "INSERT INTO tasks (title, description, user_id) VALUES ('Something to do', 'soon',"
SCRIPTS = {
    "list": f"{LOOK} user_id = {OWNER} ORDER BY created_at DESC, id;",
    "read": f"{LOOK} id = {ID} AND user_id = {OWNER};",
    "add": f"{ADDED} {OWNER}) RETURNING *;",
    "change": f"{TICK_OFF} id = {ID} AND user_id = {OWNER} RETURNING *;",
}
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
# The share of changes that touch no index, since the last look.
HOT = """
    SELECT n_tup_hot_upd::float8 / nullif(n_tup_upd, 0),
           pg_stat_reset_single_table_counters(relid)
    FROM pg_stat_user_tables WHERE relname = 'tasks'
"""
ROOM = ("ALTER TABLE tasks SET (fillfactor = 90)", "VACUUM (FULL, ANALYZE) tasks")


def costs(server: Postgres) -> dict[str, dict[str, float]]:
    """Run them on the tables that storage.py has filled."""
    many = {name: _best(server, name, CLIENTS, COUNT) for name in SCRIPTS}
    alone = {name: _best(server, name, 1, COUNT // CLIENTS) for name in SCRIPTS}
    hot = asyncio.run(_ask(server.url, HOT))
    for command in ROOM:
        asyncio.run(_ask(server.url, command))
    roomy = _best(server, "change", CLIENTS, COUNT)
    return {
        "database_us": {name: cost.microseconds for name, cost in many.items()},
        "database_ms": {name: cost.milliseconds for name, cost in alone.items()},
        "full_pages": {"hot": hot, "us": many["change"].microseconds},
        "pages_with_room": {
            "hot": asyncio.run(_ask(server.url, HOT)),
            "us": roomy.microseconds,
        },
    }


def _best(server: Postgres, name: str, clients: int, count: int) -> servers.Cost:
    """Of some rounds, since other programs can only make it worse."""
    script = NUMBER + SCRIPTS[name]
    rounds = [servers.run(server, script, clients=clients, count=count) for _ in range(ROUNDS)]
    return servers.Cost(
        min(each.microseconds for each in rounds), min(each.milliseconds for each in rounds)
    )


def parts_touched(url: str) -> dict[str, int]:
    """How many of PARTS each statement looks at, in an empty database, divided by owner."""
    return asyncio.run(_parts_touched(url))


async def _parts_touched(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(**parse(url).arguments())
    try:
        await connection.execute(SCHEMA.read_text() + DIVIDED)
        add_user = "INSERT INTO users (id, email, password_hash) VALUES ($1, 'a@example.com', '!')"
        await connection.execute(add_user, key("0"))
        return {name: await _touched(connection, each) for name, each in STATEMENTS.items()}
    finally:
        await connection.close()


async def _touched(connection: Connection, statement: Statement) -> int:
    explain = f"EXPLAIN (FORMAT JSON) {statement.sql}"
    plan: str = await connection.fetchval(explain, *statement.arguments(VALUES))
    return max(1, len({*re.findall(r'"Relation Name": "\w+_(\d+)"', plan)}))


async def _ask(url: str, question: str) -> float:
    connection = await asyncpg.connect(**parse(url).arguments())
    try:
        answer: float = await connection.fetchval(question)
        return answer
    finally:
        await connection.close()
