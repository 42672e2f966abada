"""The time that one request may wait for the database is not taken from another."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from core.database import database, dsn
from plugins.tasks import LIST
from tests.support.caller import message
from tests.support.program import Program
from tests.support.raw_http import exchange
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_user


def test_batch_has_a_budget_of_its_own(database_url: str, alice: User) -> None:
    async def fetch(base: database.Database, spent: float) -> list[database.Row]:
        database._spent.set(spent)
        return await base.fetch_by_key(LIST, UUID(alice.id))

    async def run() -> tuple[list[database.Row], ...]:
        base = database.Database(dsn.parse(database_url), 2)
        try:
            exhausted = asyncio.create_task(fetch(base, database.BUDGET + 1))
            return await asyncio.gather(exhausted, asyncio.create_task(fetch(base, 0)))
        finally:
            await base.close()

    task = alice.add()
    for rows in asyncio.run(run()):
        assert [str(row["id"]) for row in rows] == [task["id"]]


@pytest.mark.slow
def test_requests_of_one_connection_do_not_share_a_budget(
    start: Callable[..., Program], postgres: str
) -> None:
    url = new_database(postgres)
    program = start(url)
    with Sql(url) as sql, httpx.Client(base_url=program.url) as http:
        user = add_user(sql, http)
        locked, free = user.add(), user.add()
        sql.value("BEGIN")
        sql.value("SELECT id FROM tasks WHERE id::text = $1 FOR UPDATE", locked["id"])
        requests = [message("PUT", f"/api/tasks/{locked['id']}", user.token, title="x")] * 3
        requests += [message("GET", f"/api/tasks/{free['id']}", user.token)] * 2
        requests += [message("GET", "/api/tasks", user.token), message("GET", "/health/ready")]
        statuses = [response.status for response in exchange(program, b"".join(requests))]
        sql.value("ROLLBACK")
    assert statuses == [500, 500, 500, 200, 200, 200, 200, 200]
