"""A database behind PgBouncer in transaction mode, old and new, which its URL does not show."""

import asyncio
import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from core.database import dsn
from core.database.connector import Connector
from tests.database.conftest import SERVERS, Pooled
from tests.support.load import Load
from tests.support.pooler import KINDS, Pooler
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer
from tests.support.users import User, new_email

IGNORE = "ignore_startup_parameters = lock_timeout, statement_timeout, random_page_cost"
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

pytestmark = pytest.mark.slow


def test_many_clients_share_few_connections(pooled: Pooled) -> None:
    users = [User(pooled.user.http, str(uuid4()), new_email()) for _ in range(8)]

    def use(user: User) -> None:
        for number in range(10):
            task = user.add(f"task {number}")
            changed = user.put(f"/api/tasks/{task['id']}", json={"completed": True})
            assert changed.json()["task"]["completed"]
            assert len(user.tasks()) == number + 1
        assert user.delete(f"/api/tasks/{task['id']}").status_code == 204

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, users))
    assert all(len(user.tasks()) == 9 for user in users)
    with Sql(pooled.direct) as database:
        assert database.value(BACKENDS) <= SERVERS + 1
    assert pooled.service.records("Traceback") == []


def test_sign_up_and_log_in(pooled: Pooled) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    for path, status in (("signup", 201), ("signup", 409), ("login", 200)):
        response = pooled.user.http.post(f"/api/auth/{path}", json=account)
        assert response.status_code == status


def test_pooler_can_be_announced_in_the_url(
    pooled: Pooled, start: Callable[..., Program], postgres: str
) -> None:
    direct = new_database(postgres)
    service = start(f"{pooled.pooler.url(direct)}?pgbouncer=true")
    assert_serves(service, direct)
    service.kill()


@pytest.mark.parametrize("kind", KINDS)
def test_pooler_that_ignores_session_settings_is_detected(
    start: Callable[..., Program], postgres: str, postgres_port: int, kind: str
) -> None:
    direct = new_database(postgres)
    with Pooler(kind, postgres_port, SERVERS, IGNORE) as pooler:
        service = start(pooler.url(direct), WEB_CONCURRENCY="2")
        assert_serves(service, direct)
        service.kill()


def assert_serves(service: Program, direct: str) -> None:
    """Check that clients get no error under load, and that every write is in its database."""
    with Load(service.url, writers=8, readers=8) as load:
        assert eventually(lambda: load.acknowledged > 100, 10)
    assert {*load.statuses()} <= {(200, ""), (201, ""), (204, "")}
    with Sql(direct) as database:
        assert (load.lost(database), load.twice(database)) == ([], [])


def test_list_costs_less_than_ten_times_a_direct_one(
    pooled: Pooled, start: Callable[..., Program]
) -> None:
    direct = start(pooled.direct)
    user = User(pooled.user.http, str(uuid4()), new_email())
    for number in range(20):
        user.add(f"task {number}")
    rates = [(rate(direct, user.token), rate(pooled.service, user.token)) for _ in range(2)]
    direct.kill()
    fastest_direct, fastest_pooled = map(max, *rates)
    assert fastest_pooled > fastest_direct / 10


def rate(service: Program, token: str) -> float:
    """Lists of 20 tasks a second over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    lists, begin = 0, time.monotonic()
    while time.monotonic() < begin + 1:
        connection.request("GET", "/api/tasks", headers=bearer(token))
        response = connection.getresponse()
        assert response.status == 200
        assert response.read().count(b'"title"') == 20
        lists += 1
    connection.close()
    return lists / (time.monotonic() - begin)


def test_statements_are_prepared_only_where_they_are_kept(pooled: Pooled) -> None:
    async def prepares(url: str) -> bool:
        connector = Connector(dsn.parse(url))
        await (await connector.open(5)).close()
        return not connector.pooler

    assert asyncio.run(prepares(pooled.direct))
    assert not (pooled.kind == "old" and asyncio.run(prepares(pooled.url)))
