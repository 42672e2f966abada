"""What each request costs the database."""

import asyncio

import asyncpg

from core.database.dsn import parse
from embedded import Postgres
from loadtests.scaling import servers
from loadtests.scaling.keyed import EXPIRED
from loadtests.scaling.scripts import NUMBER, SCRIPTS

ROUNDS, CLIENTS, COUNT = 5, 8, 4_000
# The share of changes that touch no index, since the last look.
HOT = """
    SELECT n_tup_hot_upd::float8 / nullif(n_tup_upd, 0),
           pg_stat_reset_single_table_counters(relid)
    FROM pg_stat_user_tables WHERE relname = 'tasks'
"""
FILL_FACTOR = 90
ROOM = (f"ALTER TABLE tasks SET (fillfactor = {FILL_FACTOR})", "VACUUM (FULL, ANALYZE) tasks")


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
    rounds = []
    for _ in range(ROUNDS):
        if name == "keyed_add":
            asyncio.run(_ask(server.url, EXPIRED.format(count)))
        script = NUMBER + SCRIPTS[name]
        rounds.append(servers.run(server, script, clients=clients, count=count))
    return servers.Cost(
        min(each.microseconds for each in rounds), min(each.milliseconds for each in rounds)
    )


async def _ask(url: str, question: str) -> float:
    connection = await asyncpg.connect(**parse(url).arguments())
    try:
        answer: float = await connection.fetchval(question)
        return answer
    finally:
        await connection.close()
