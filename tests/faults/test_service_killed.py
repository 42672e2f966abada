"""kill -9 of the service, or of one worker, under write load: what was acknowledged is there."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.test_many_clients import workers_that_answer
from tests.support.load import NO_ANSWER, Load
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database

GOOD = {200, 201, 204}
ROUNDS = 3
MOMENT = 0.2  # seconds that Linux may take to close what a killed process held
LONGEST = 10.0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_acknowledged_write_is_lost(
    start: Callable[..., Program],
    postgres: str,
    figure: Callable[[str, object], None],
    workers: str,
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", workers)
    with Load(service.url, writers=16, readers=4) as load:
        for _ in range(ROUNDS):
            time.sleep(1)
            service.kill()
            service.start()
    with Sql(url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    figure(
        f"kill -9 with {workers} worker(s), acknowledged writes lost",
        f"{len(lost)} of {load.acknowledged}, created twice {len(twice)}",
    )
    assert load.acknowledged > 100
    assert (lost, twice) == ([], [])
    assert {status for status, _ in load.statuses()} <= {NO_ANSWER} | GOOD


def is_worker(pid: str) -> bool:
    """Whether multiprocessing has started it to run our code, and it has not ended."""
    with suppress(FileNotFoundError):
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def workers_of(service: Program) -> set[int]:
    children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    return {int(child) for child in children if is_worker(child)}


def kill_one(service: Program) -> float:
    """Kill a worker, and come back when there are two again that answer; when it was killed."""
    before = workers_of(service)
    os.kill(min(before), signal.SIGKILL)
    killed = time.monotonic()
    assert eventually(lambda: len(workers_of(service) - {min(before)}) == len(before), seconds=10)
    assert workers_that_answer(service, len(before)) == len(before)
    return killed


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc, as Linux has it")
def test_a_killed_worker_is_started_anew_and_no_acknowledged_write_is_lost(
    start: Callable[..., Program], postgres: str, figure: Callable[[str, object], None]
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", "2")
    assert workers_that_answer(service, 2) == 2
    supervisor, kills, back = service.pid, [], []
    with Load(service.url, writers=16, readers=4) as load:
        for _ in range(ROUNDS):
            time.sleep(1)
            kills.append(kill_one(service))
            back.append(time.monotonic() - kills[-1])
    broken = [each for each in load.outcomes if each.status == NO_ANSWER]
    with Sql(url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    figure(
        f"kill -9 of one of 2 workers, {ROUNDS} times, acknowledged writes lost",
        f"{len(lost)} of {load.acknowledged}, created twice {len(twice)}, {len(broken)} of "
        f"{len(load.outcomes)} requests broken off, a new worker answers after {max(back):.1f} s",
    )
    assert load.acknowledged > 100
    assert (lost, twice) == ([], [])
    assert {status for status, _ in load.statuses()} <= {NO_ANSWER} | GOOD
    # Only what was under way on that worker; the other one has answered all the rest.
    assert all(any(0 < kill + MOMENT - each.began < LONGEST for kill in kills) for each in broken)
    assert service.running()
    assert service.pid == supervisor
    assert [record for record in service.records() if record["level"] == "error"] == []
