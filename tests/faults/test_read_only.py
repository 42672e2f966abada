"""The database is read-only for a while: writes are refused, reads go on, and then all is well."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from embedded import Postgres
from tests.support.load import Load, first_success
from tests.support.postgres import system_binaries
from tests.support.program import Program, eventually, free_port, reason
from tests.support.sql import Sql

GOOD = {(200, ""), (201, ""), (204, "")}
AWAY = (500, "Service temporarily unavailable")
SECONDS = 2
FORBID = "ALTER DATABASE todo SET default_transaction_read_only = on"
ALLOW = "ALTER DATABASE todo RESET default_transaction_read_only"
DROP = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""
ARRIVAL = 0.2  # seconds in which a session that has begun is to be seen
Fault = Callable[[Postgres], AbstractContextManager[None]]

pytestmark = pytest.mark.slow


@pytest.fixture
def server(open_directory: Path) -> Iterator[Postgres]:
    directory = open_directory / f"read-only-{free_port()}"
    binaries = system_binaries()
    with Postgres(directory, binaries=binaries, durable=True, port=free_port()) as server:
        yield server


def ask(server: Postgres, *statements: str) -> None:
    with Sql(server.url) as sql:
        sql.value("SET default_transaction_read_only = off")
        for statement in statements:
            sql.rows(statement)


def forbid(server: Postgres) -> None:
    """Also those sessions go that were just being opened, by the settings of before."""
    ask(server, FORBID, DROP)
    time.sleep(ARRIVAL)
    ask(server, DROP)


@contextmanager
def writes_forbidden(server: Postgres) -> Iterator[None]:
    """As hosts do where an account has used up its disk; the connections are dropped."""
    forbid(server)
    yield
    ask(server, ALLOW, DROP)


@contextmanager
def writes_forbidden_on_connections_that_stay(server: Postgres) -> Iterator[None]:
    """What was allowed again is so for new connections only."""
    forbid(server)
    yield
    ask(server, ALLOW)


@contextmanager
def a_hot_standby(server: Postgres) -> Iterator[None]:
    """As after a fail-over: the server is a copy of another, until it is promoted."""
    cluster = Path(f"/proc/{server.pid}/cwd").readlink()
    server.stop()
    (cluster / "standby.signal").touch()
    os.chown(cluster / "standby.signal", cluster.stat().st_uid, cluster.stat().st_gid)
    server.start()
    yield
    ask(server, "SELECT pg_promote()")


@pytest.mark.parametrize(
    "fault", [writes_forbidden, writes_forbidden_on_connections_that_stay, a_hot_standby]
)
def test_writes_are_refused_and_reads_go_on_until_it_is_over(
    start: Callable[..., Program],
    server: Postgres,
    figure: Callable[[str, object], None],
    fault: Fault,
) -> None:
    service = start(server.url)
    with Load(service.url, writers=8, readers=4, pause=0.01) as load:
        assert eventually(lambda: load.acknowledged > 100, seconds=20)
        with fault(server):
            began = time.monotonic()
            time.sleep(SECONDS)
            ended = time.monotonic()
        over = time.monotonic()
        time.sleep(2)
    service.stop()
    with Sql(server.url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    during = [each for each in load.since(began) if each.ended < ended]
    reads = [each for each in during if each.method == "GET"]
    failed = [each for each in reads if each.status != 200]
    back = first_success([each for each in load.since(over) if each.method == "POST"]) - over
    figure(
        fault.__name__.replace("_", " "),
        f"{len(during) - len(reads)} writes refused, {len(failed)} of {len(reads)} reads failed, "
        f"first write {back:.3f} s after it was over, acknowledged writes lost {len(lost)} of "
        f"{load.acknowledged}, done twice {len(twice)}",
    )
    assert {(each.status, each.said) for each in during if each.method != "GET"} == {AWAY}
    assert "ReadOnlySQLTransactionError" in {reason(record) for record in service.records()}
    assert len(reads) > 10
    assert failed == []
    assert set(load.statuses()) <= GOOD | {AWAY}
    assert back < 1
    assert {(each.status, each.said) for each in load.since(over + 1)} <= GOOD
    assert (lost, twice) == ([], [])
