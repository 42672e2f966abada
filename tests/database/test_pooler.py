"""Behind a real PgBouncer in transaction mode, old and new, which nothing announces."""

import asyncio
import http.client
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from core.database import dsn
from core.database.connector import Connector
from tests.support.load import Load
from tests.support.pooler import KINDS, Pooler
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer
from tests.support.users import User, new_email

SERVERS = 3  # connections to PostgreSQL, shared by all clients of the pooler
SWALLOW = "ignore_startup_parameters = lock_timeout, statement_timeout, random_page_cost"
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
Figure = Callable[[str, object], None]


class Behind(NamedTuple):
    """A service behind a pooler, and the way to its database that is not through it."""

    kind: str
    service: Program
    pooler: Pooler
    direct: str


@pytest.fixture(scope="module", params=KINDS)
def behind(
    request: pytest.FixtureRequest,
    start: Callable[..., Program],
    postgres: str,
    postgres_port: int,
) -> Iterator[Behind]:
    direct = new_database(postgres)
    with Pooler(request.param, postgres_port, SERVERS) as pooler:
        service = start(pooler.url(direct))
        yield Behind(request.param, service, pooler, direct)
        service.stop()


def test_many_at_once_share_few_connections(behind: Behind) -> None:
    with httpx.Client(base_url=behind.service.url, timeout=20) as http:
        users = [User(http, str(uuid4()), new_email()) for _ in range(8)]

        def live(user: User) -> None:
            for number in range(10):
                task = user.add(f"task {number}")
                changed = user.put(f"/api/tasks/{task['id']}", json={"completed": True})
                assert changed.json()["task"]["completed"]
                assert len(user.tasks()) == number + 1
            assert user.delete(f"/api/tasks/{task['id']}").status_code == 204

        with ThreadPoolExecutor(8) as runners:
            list(runners.map(live, users))
        assert all(len(user.tasks()) == 9 for user in users)
    with Sql(behind.direct) as database:
        assert database.value(BACKENDS) <= SERVERS + 1
    assert behind.service.records("Traceback") == []


def test_sign_up_and_log_in(behind: Behind) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    for path, status in (("signup", 201), ("signup", 409), ("login", 200)):
        response = httpx.post(f"{behind.service.url}/api/auth/{path}", json=account, timeout=20)
        assert response.status_code == status


def test_an_announced_pooler_serves_too(
    behind: Behind, start: Callable[..., Program], postgres: str
) -> None:
    direct = new_database(postgres)
    serves(start(f"{behind.pooler.url(direct)}?pgbouncer=true"), direct)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_pooler_that_swallows_our_settings_is_noticed(
    start: Callable[..., Program], postgres: str, postgres_port: int, figure: Figure, kind: str
) -> None:
    direct = new_database(postgres)
    with Pooler(kind, postgres_port, SERVERS, SWALLOW) as pooler:
        service = start(pooler.url(direct), WEB_CONCURRENCY="2")
        requests = serves(service, direct)
        service.stop()
    figure(f"{kind} PgBouncer that swallows our settings, failed requests", f"0 of {requests}")


def serves(service: Program, direct: str) -> int:
    """Many at once, without an error, and every write where it belongs; how many requests."""
    with Load(service.url, writers=8, readers=8) as load:
        assert eventually(lambda: load.acknowledged > 100, 10)
    assert {*load.statuses()} <= {(200, ""), (201, ""), (204, "")}
    with Sql(direct) as database:
        assert (load.lost(database), load.twice(database)) == ([], [])
    return len(load.outcomes)


@pytest.mark.slow
def test_what_a_list_costs(behind: Behind, start: Callable[..., Program], figure: Figure) -> None:
    straight = start(behind.direct)
    with httpx.Client(base_url=straight.url) as http:
        user = User(http, str(uuid4()), new_email())
        for number in range(20):
            user.add(f"task {number}")
    rates = [(rate(straight, user.token), rate(behind.service, user.token)) for _ in range(2)]
    direct, through = map(max, *rates)
    straight.stop()
    figure(
        f"lists of 20 tasks a second, one after the other, behind the {behind.kind} PgBouncer",
        f"{through:.0f}, straight {direct:.0f}",
    )
    assert through > direct / 10


def rate(service: Program, token: str) -> float:
    """Lists a second over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    lists, began = 0, time.monotonic()
    while time.monotonic() < began + 1:
        connection.request("GET", "/api/tasks", headers=bearer(token))
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.read().count(b'"title"') == 20
        lists += 1
    connection.close()
    return lists / (time.monotonic() - began)


def test_statements_are_kept_only_where_they_survive(behind: Behind, figure: Figure) -> None:
    async def kept(url: str) -> bool:
        connector = Connector(dsn.parse(url))
        await (await connector.open(5)).close()
        return not connector.pooler

    assert asyncio.run(kept(behind.direct))
    found = asyncio.run(kept(behind.pooler.url(behind.direct)))
    figure(f"prepared statements kept behind the {behind.kind} PgBouncer", found)
    assert not (found and behind.kind == "old")
