"""Three replicas behind haproxy and PgBouncer: restarted, killed and failed over under load."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.deploy.fleet import REPLICAS, Fleet
from tests.support.load import Load, Outcome, percentile
from tests.support.program import eventually
from tests.support.sql import Sql
from tests.support.tokens import SECRET

CLIENTS = {"writers": 8, "readers": 8}
BEFORE, AFTER = 1.0, 2.0  # seconds of load
UNSENT = 0.3  # seconds without replication before the primary dies
MAX_BREAK = 10.0  # seconds without writes
Figure = Callable[[str, object], None]


class LoadWithKeys(Load):
    """Creates tasks with an Idempotency-Key, so that haproxy may repeat them."""

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        if method == "POST":
            options["headers"] = {"Idempotency-Key": str(uuid4())}
        return await super()._ask(client, method, path, **options)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    directory = Path(tempfile.mkdtemp(prefix="todo-fleet-"))
    directory.chmod(0o755)  # for the accounts that the programs run as
    settings = {"BETTER_AUTH_SECRET": SECRET, "FRONTEND_URL": FRONTEND}
    try:
        with Fleet(directory, settings) as running:
            yield running
    finally:
        shutil.rmtree(directory)


def failed(load: Load) -> list[Outcome]:
    return [each for each in list(load.outcomes) if not 200 <= each.status < 300]


def assert_nothing_lost(load: Load, database_url: str) -> None:
    with Sql(database_url) as sql:
        assert load.acknowledged > 0
        assert load.lost(sql) == []
        assert {*load.twice(sql)} & {*load.possible} == set()


def test_rolling_restart_and_killed_replicas(fleet: Fleet, figure: Figure) -> None:
    with Load(fleet.url, **CLIENTS) as load:
        time.sleep(BEFORE)
        for name in REPLICAS:
            assert fleet.replicas[name].stop() == 0
            fleet.replicas[name].start()
            fleet.wait_until_ready()
        time.sleep(AFTER)
    slowest = percentile(load.outcomes, 1)
    figure("rolling restart, failed requests", f"{len(failed(load))} of {len(load.outcomes)}")
    figure("rolling restart, slowest request", f"{slowest:.2f} s")
    assert failed(load) == []
    assert_nothing_lost(load, fleet.databases.primary.url)

    deaths: list[tuple[float, float]] = []
    with LoadWithKeys(fleet.url, **CLIENTS) as load:
        for name in REPLICAS:
            time.sleep(BEFORE)
            began = time.monotonic()
            fleet.replicas[name].kill()
            deaths.append((began, time.monotonic()))
            time.sleep(AFTER)
            fleet.replicas[name].start()
            fleet.wait_until_ready()
    broken = failed(load)
    figure("kill -9 of each replica, failed requests", f"{len(broken)} of {len(load.outcomes)}")
    assert [each for each in broken if each.method in {"GET", "POST"}] == []
    for each in broken:  # a PUT or DELETE may have been applied, so haproxy does not repeat it
        assert any(each.began <= gone and each.ended >= began for began, gone in deaths)
    assert_nothing_lost(load, fleet.databases.primary.url)


def test_failover_to_the_standby(fleet: Fleet, figure: Figure) -> None:
    with Load(fleet.url, **CLIENTS) as load:
        time.sleep(BEFORE)
        fleet.databases.kill_primary(UNSENT)
        gone = time.monotonic()
        fleet.fail_over()
        eventually(lambda: resumed(load, gone) is not None, MAX_BREAK)
        time.sleep(AFTER)
    back = resumed(load, gone)
    assert back is not None
    figure("failover, time without writes", f"{back - gone:.2f} s")
    assert back - gone < MAX_BREAK
    assert [each for each in failed(load) if each.began > back + 1] == []
    assert_nothing_lost(load, fleet.databases.standby.url)


def resumed(load: Load, gone: float) -> float | None:
    """When the first write that began after a moment was acknowledged."""
    writes = [each for each in load.since(gone) if each.method != "GET"]
    return min((each.ended for each in writes if 200 <= each.status < 300), default=None)
