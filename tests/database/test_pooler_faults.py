"""Behind a real PgBouncer, old and new, while something stands still or breaks."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.load import Load, first_success
from tests.support.pooler import KINDS, Pooler
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SERVERS = 3  # connections to PostgreSQL, shared by all clients of the pooler
AWAY = "Service temporarily unavailable"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""
Figure = Callable[[str, object], None]
pytestmark = pytest.mark.slow


class Behind(NamedTuple):
    """Somebody whose service is behind a door and a pooler."""

    kind: str
    user: User
    service: Program
    door: Proxy
    pooler: Pooler
    direct: str


@pytest.fixture(params=KINDS)
def behind(
    request: pytest.FixtureRequest,
    start: Callable[..., Program],
    postgres: str,
    postgres_port: int,
) -> Iterator[Behind]:
    direct = new_database(postgres)
    with Pooler(request.param, postgres_port, SERVERS) as pooler:
        door = Proxy(pooler.port)
        service = start(pooler.url(direct).replace(f":{pooler.port}/", f":{door.port}/"))
        with httpx.Client(base_url=service.url, timeout=20) as http:
            user = User(http, str(uuid4()), new_email())
            user.add("Buy milk")
            yield Behind(request.param, user, service, door, pooler, direct)
        service.kill()
        door.close()


def ask(behind: Behind, runners: ThreadPoolExecutor, each: int) -> list[Future[float]]:
    """Start so many reads and as many writes; the seconds after which each was told 500."""

    def told(method: str, **options: object) -> float:
        began = time.monotonic()
        expect.error(behind.user.call(method, "/api/tasks", **options), 500, AWAY)
        return time.monotonic() - began

    reads = [runners.submit(told, "GET") for _ in range(each)]
    return reads + [runners.submit(told, "POST", json={"title": "a"}) for _ in range(each)]


def served_again(behind: Behind) -> float:
    """The seconds until the next read and write have been served."""
    began = time.monotonic()
    assert behind.user.add("Buy bread") in behind.user.tasks()
    return time.monotonic() - began


def test_a_held_lock_is_answered_in_time_and_leaves_nothing_waiting(
    behind: Behind, figure: Figure
) -> None:
    with Sql(behind.direct) as locker, Sql(behind.direct) as observer, ThreadPoolExecutor() as more:
        with locker.locked("tasks"):
            asked = ask(behind, more, each=SERVERS + 1)
            assert eventually(lambda: observer.value(WAITING)) > 0
            longest = max(each.result() for each in asked)
            assert eventually(lambda: observer.value(WAITING) == 0, 2)
        again = served_again(behind)
    figure(
        f"table locked behind the {behind.kind} PgBouncer, longest answer of {len(asked)}",
        f"{longest:.1f} s, then served in {again:.2f} s",
    )
    assert longest < 10
    assert again < 1


def test_a_statement_frozen_half_way_is_answered_in_time(behind: Behind, figure: Figure) -> None:
    with Sql(behind.direct) as locker, Sql(behind.direct) as observer, ThreadPoolExecutor() as more:
        with locker.locked("tasks"):
            asked = ask(behind, more, each=1)
            assert eventually(lambda: observer.value(WAITING) == 2)
            behind.door.freeze()
            longest = max(each.result() for each in asked)
        behind.door.open()
        again = served_again(behind)
    figure(
        f"frozen in mid-statement behind the {behind.kind} PgBouncer, longest answer",
        f"{longest:.1f} s, then served in {again:.2f} s",
    )
    assert longest < 10
    assert again < 1


def test_what_a_killed_service_left_waiting_is_given_up(behind: Behind, figure: Figure) -> None:
    with (
        Sql(behind.direct) as observer,
        ThreadPoolExecutor() as more,
        Sql(behind.direct) as locker,
        locker.locked("tasks"),
    ):
        reading = more.submit(behind.user.get, "/api/tasks")
        assert eventually(lambda: observer.value(WAITING) == 1)
        behind.service.kill()
        began = time.monotonic()
        given_up = eventually(lambda: observer.value(WAITING) == 0, 10)
        seconds = time.monotonic() - began
    figure(
        f"statement of a killed service behind the {behind.kind} PgBouncer, seconds until given up",
        f"{seconds:.1f}" if given_up else "never",
    )
    assert isinstance(reading.exception(), httpx.TransportError)
    assert given_up


def test_a_pooler_killed_under_load_loses_nothing(behind: Behind, figure: Figure) -> None:
    with Load(behind.service.url, writers=8, readers=8) as load:
        assert eventually(lambda: load.acknowledged > 50, 10)
        behind.pooler.kill()
        time.sleep(0.5)
        behind.pooler.start()
        back = time.monotonic()
        time.sleep(1.5)
    again = first_success(load.since(back)) - back
    with Sql(behind.direct) as database:
        lost, twice = load.lost(database), load.twice(database)
    figure(
        f"{behind.kind} PgBouncer killed under load, acknowledged writes lost",
        f"{len(lost)} of {load.acknowledged}, served again after {again:.2f} s",
    )
    assert {*load.statuses()} <= {(200, ""), (201, ""), (204, ""), (500, AWAY)}
    assert (lost, twice) == ([], [])
    assert again < 1
