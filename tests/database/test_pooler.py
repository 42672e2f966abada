"""A database behind PgBouncer in transaction mode, old and new, with and without faults."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from core.database import dsn
from core.database.connector import Connector
from tests.support import expect
from tests.support.load import Load, first_success
from tests.support.pooler import KINDS, Pooler
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.routes import use_every_route
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SERVERS = 3  # connections from PgBouncer to PostgreSQL
WAYS = {  # what its URL and PgBouncer's settings have
    "detected": ("", ""),
    "announced": ("?pgbouncer=true", ""),
    "ignores session settings": (
        "",
        "ignore_startup_parameters = lock_timeout, statement_timeout, random_page_cost",
    ),
}
SERVED = {(200, ""), (201, ""), (204, "")}
UNAVAILABLE = "Service temporarily unavailable"
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
WAITING = f"{BACKENDS} AND wait_event_type = 'Lock'"

pytestmark = pytest.mark.slow


class Pooled(NamedTuple):
    """A service, the proxy and the PgBouncer that it connects through, and a user."""

    service: Program
    proxy: Proxy
    pooler: Pooler
    direct: str
    """The URL of the database that does not go through them."""
    user: User


@pytest.fixture(scope="module", params=KINDS)
def pooled(
    request: pytest.FixtureRequest, start: Callable[..., Program], postgres: str, postgres_port: int
) -> Iterator[Pooled]:
    direct = new_database(postgres)
    with Pooler(request.param, postgres_port, SERVERS) as pooler:
        proxy = Proxy(pooler.port)
        service = start(direct.replace(f":{postgres_port}/", f":{proxy.port}/"))
        with httpx.Client(base_url=service.url, timeout=20) as http:
            user = User(http, str(uuid4()), new_email())
            user.add()
            yield Pooled(service, proxy, pooler, direct, user)
        service.kill()
        proxy.close()


@pytest.mark.parametrize(("query", "settings"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_many_clients_share_few_connections(
    start: Callable[..., Program],
    postgres: str,
    postgres_port: int,
    kind: str,
    query: str,
    settings: str,
) -> None:
    direct = new_database(postgres)
    with Pooler(kind, postgres_port, SERVERS, settings) as pooler:
        service = start(pooler.url(direct) + query, WEB_CONCURRENCY="2")
        with Load(service.url, writers=8, readers=8) as load, Sql(direct) as database:
            assert eventually(lambda: load.acknowledged > 100, 10)
            assert database.value(BACKENDS) <= SERVERS + 1
        with httpx.Client(base_url=service.url, timeout=20) as http, Sql(direct) as database:
            use_every_route(http)
            assert (load.lost(database), load.twice(database)) == ([], [])
        service.kill()
    assert {*load.statuses()} <= SERVED
    assert service.records("Traceback") == []


@pytest.mark.anyio
async def test_statements_are_prepared_only_where_they_are_kept(pooled: Pooled) -> None:
    for url, kept in ((pooled.direct, True), (pooled.pooler.url(pooled.direct), False)):
        connector = Connector(dsn.parse(url))
        await (await connector.open(5)).close()
        if kept or pooled.pooler.kind == "old":
            assert connector.pooler is not kept


def send(pooled: Pooled, threads: ThreadPoolExecutor, each: int) -> list[Future[float]]:
    """Send so many reads and as many writes; the seconds after which each got its 500."""

    def seconds_to_500(method: str, **options: object) -> float:
        begin = time.monotonic()
        expect.error(pooled.user.call(method, "/api/tasks", **options), 500, UNAVAILABLE)
        return time.monotonic() - begin

    requests = [("GET", {}), ("POST", {"json": {"title": "a"}})] * each
    return [threads.submit(seconds_to_500, method, **body) for method, body in requests]


@pytest.mark.parametrize("frozen", [False, True])
def test_lock_is_given_up_in_time(pooled: Pooled, *, frozen: bool) -> None:
    """Even where the network freezes while the statements wait for it."""
    with (
        Sql(pooled.direct) as locker,
        Sql(pooled.direct) as observer,
        ThreadPoolExecutor() as threads,
    ):
        with locker.locked("tasks"):
            requests = send(pooled, threads, each=1 if frozen else SERVERS + 1)
            assert eventually(lambda: observer.value(WAITING) >= 2)
            if frozen:
                pooled.proxy.freeze()
            assert max(each.result() for each in requests) < 10
            assert frozen or eventually(lambda: observer.value(WAITING) == 0, 2)
        pooled.proxy.open()
        begin = time.monotonic()
        assert pooled.user.add(str(uuid4())) in pooled.user.tasks()
        assert time.monotonic() - begin < 1


def test_statement_of_a_killed_service_is_given_up(
    pooled: Pooled, start: Callable[..., Program]
) -> None:
    service = start(pooled.pooler.url(pooled.direct))
    with (
        Sql(pooled.direct) as observer,
        ThreadPoolExecutor() as threads,
        httpx.Client(base_url=service.url, timeout=20) as http,
        Sql(pooled.direct) as locker,
        locker.locked("tasks"),
    ):
        reading = threads.submit(User(http, pooled.user.id, pooled.user.email).get, "/api/tasks")
        assert eventually(lambda: observer.value(WAITING) == 1)
        service.kill()
        assert eventually(lambda: observer.value(WAITING) == 0, 10)
    assert isinstance(reading.exception(), httpx.TransportError)


def test_no_acknowledged_write_is_lost_when_the_pooler_is_killed(pooled: Pooled) -> None:
    with Load(pooled.service.url, writers=8, readers=8) as load:
        assert eventually(lambda: load.acknowledged > 50, 10)
        pooled.pooler.kill()
        time.sleep(0.5)
        pooled.pooler.start()
        restarted = time.monotonic()
        time.sleep(1.5)
    with Sql(pooled.direct) as database:
        assert (load.lost(database), load.twice(database)) == ([], [])
    assert {*load.statuses()} <= {*SERVED, (500, UNAVAILABLE)}
    assert first_success(load.since(restarted)) - restarted < 1
