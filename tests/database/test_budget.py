"""What one request spends of its time on the database is nobody else's loss."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from core.database import database, dsn
from core.database.statements import StatementByKey
from plugins.tasks import LIST
from tests.support.caller import message
from tests.support.program import Program
from tests.support.raw_http import exchange
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_user


def test_a_batch_has_a_budget_of_its_own(service: Program, database_url: str, alice: User) -> None:
    async def late(base: database.Database, list_: StatementByKey) -> list[database.Row]:
        database._spent.set(database.BUDGET + 1)
        return await base.fetch_by_key(list_, UUID(alice.id))

    async def run() -> list[list[database.Row]]:
        base = database.Database(dsn.parse(database_url), 2)
        try:
            return await asyncio.gather(
                asyncio.create_task(late(base, LIST)),
                base.fetch_by_key(LIST, UUID(alice.id)),
            )
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
        ada = add_user(sql, http)
        locked, free = ada.add(), ada.add()
        sql.value("BEGIN")
        sql.value("SELECT id FROM tasks WHERE id::text = $1 FOR UPDATE", locked["id"])
        row = [message("PUT", f"/api/tasks/{locked['id']}", ada.token, title="x")] * 3
        row += [message("GET", f"/api/tasks/{free['id']}", ada.token)] * 2
        row += [message("GET", "/api/tasks", ada.token), message("GET", "/health/ready")]
        statuses = [answer.status for answer in exchange(program, b"".join(row))]
        sql.value("ROLLBACK")
    program.stop()
    assert statuses == [500, 500, 500, 200, 200, 200, 200, 200]
