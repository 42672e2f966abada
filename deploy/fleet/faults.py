"""What a fleet must stand, while clients write and read and keep a ledger of the answers."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from deploy.fleet.fleet import REPLICAS, Fleet, eventually
from deploy.fleet.table import Line
from tests.support.load import Load, Outcome, percentile
from tests.support.sql import Sql

CLIENTS = {"writers": 8, "readers": 8}
RUN_UP, RUN_OUT = 1.0, 2.0  # seconds of load before something breaks, and after
UNSENT = 0.3  # seconds in which the primary cannot reach its standby, before it dies
LONGEST_BREAK = 10.0  # seconds without writes, from the death of the primary
GOOD = range(200, 300)
REPEATED, OTHERS = {"GET", "POST"}, {"PUT", "DELETE"}  # by haproxy, where they broke off


class LoadWithKeys(Load):
    """The same, but each task is created with an Idempotency-Key."""

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        if method == "POST":
            options["headers"] = {"Idempotency-Key": str(uuid4())}
        return await super()._ask(client, method, path, **options)


def rolling_restart(fleet: Fleet) -> Iterator[Line]:
    """Every replica in turn, as for a new version."""
    with Load(fleet.url, **CLIENTS) as load:
        time.sleep(RUN_UP)
        statuses = [_restart(fleet, name) for name in REPLICAS]
        time.sleep(RUN_OUT)
    failed = _failed(load)
    slowest = percentile(load.outcomes, 1)
    yield Line(
        f"restart of {len(REPLICAS)} replicas in turn: failed requests",
        "0",
        f"{len(failed)} of {len(load.outcomes):,}, the slowest {slowest:.2f} s",
        not failed and statuses == [0] * len(REPLICAS),
    )
    yield _ledger("restart of the replicas", load, fleet.databases.primary.url)


def _restart(fleet: Fleet, name: str) -> int:
    status = fleet.replicas[name].stop()
    fleet.replicas[name].start()
    fleet.wait_until_ready()
    return status


def killed_replicas(fleet: Fleet) -> Iterator[Line]:
    """Each replica in turn, by kill -9; the front notices by itself."""
    deaths: list[tuple[float, float]] = []
    with LoadWithKeys(fleet.url, **CLIENTS) as load:
        for name in REPLICAS:
            time.sleep(RUN_UP)
            began = time.monotonic()
            fleet.replicas[name].kill()
            deaths.append((began, time.monotonic()))
            time.sleep(RUN_OUT)
            fleet.replicas[name].start()
            fleet.wait_until_ready()
    in_flight = [
        each
        for each in load.outcomes
        if any(each.began <= gone and each.ended >= began for began, gone in deaths)
    ]
    for methods, name in ((REPEATED, "reads, and creates with a key"), (OTHERS, "other writes")):
        failed = [each for each in _failed(load) if each.method in methods]
        yield Line(
            f"kill -9 of {len(deaths)} replicas in turn: failed {name}",
            "0" if methods == REPEATED else "those in flight on it",
            f"{len(failed)} of {_count(load.outcomes, methods):,}, "
            f"while {_count(in_flight, methods)} were in flight on all of them",
            not failed if methods == REPEATED else all(each in in_flight for each in failed),
        )
    yield _ledger("kill -9 of the replicas", load, fleet.databases.primary.url)


def killed_primary(fleet: Fleet) -> Iterator[Line]:
    """The primary, as by a power cut; its standby takes its place."""
    with Load(fleet.url, **CLIENTS) as load:
        time.sleep(RUN_UP)
        fleet.databases.kill_primary(UNSENT)
        gone = time.monotonic()
        fleet.fail_over()
        pointed = time.monotonic() - gone
        eventually(lambda: _resumed(load, gone) is not None, LONGEST_BREAK)
        time.sleep(RUN_OUT)
    back = _resumed(load, gone)
    break_ = (back or float("inf")) - gone
    late = [each for each in _failed(load) if back and each.began > back + 1]
    yield Line(
        "kill -9 of the primary: time without writes",
        f"< {LONGEST_BREAK:.0f} s",
        f"{break_:.2f} s, of which {pointed:.2f} s to promote and to re-point the pooler",
        break_ < LONGEST_BREAK,
    )
    yield Line(
        "kill -9 of the primary: failures a second after the first write",
        "0",
        f"{len(late)}; {len(_failed(load))} of {len(load.outcomes):,} requests failed until then",
        not late,
    )
    yield _ledger("kill -9 of the primary", load, fleet.databases.standby.url)


def _resumed(load: Load, gone: float) -> float | None:
    """When the first write that began after a moment was acknowledged."""
    ends = [each.ended for each in load.since(gone) if each.method != "GET" and each.status in GOOD]
    return min(ends, default=None)


def _count(outcomes: list[Outcome], methods: set[str]) -> int:
    return sum(each.method in methods for each in outcomes)


def _failed(load: Load) -> list[Outcome]:
    return [each for each in list(load.outcomes) if each.status not in GOOD]


def _ledger(what: str, load: Load, database_url: str) -> Line:
    """What was acknowledged is there, and once."""
    with Sql(database_url) as sql:
        lost, twice = len(load.lost(sql)), len({*load.twice(sql)} & {*load.possible})
    measured = f"{lost} of {load.acknowledged:,}, created twice {twice}"
    held = load.acknowledged > 0 and lost == twice == 0
    return Line(f"{what}: acknowledged writes lost", "0", measured, held)
