"""Ten minutes under a mixed load: memory, files and database connections stay as they are."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support.caller import dial, message
from tests.support.load import Load
from tests.support.program import Program
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
SAMPLES = 60
WARM_UP = SAMPLES // 5
POOL_SIZE = 4
MORE_MEMORY = 0.02  # of the first third's mean: allocators breathe
MORE_FILES = 4  # visitors come and go
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'todo'"
)


class Sample(NamedTuple):
    """What all processes of the service hold at one moment."""

    memory: float  # MiB
    files: int
    connections: int


def processes(pid: int) -> list[int]:
    """A process and all that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in processes(int(child)))]


def sample(program: Program, sql: Sql) -> Sample:
    pids = processes(program.pid)
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
    return Sample(pages * resource.getpagesize() / 2**20, files, sql.value(CONNECTIONS))


def visit(program: Program) -> Iterator[tuple[int, int]]:
    """Somebody signs up, does some things right and more of them wrong: expected, answered."""
    account = {"email": new_email(), "password": "correct horse"}
    with httpx.Client(base_url=program.url, timeout=20) as http:
        signed_up = http.post("/api/auth/signup", json=account)
        yield 201, signed_up.status_code
        user = User(http, signed_up.json()["user"]["id"], "", signed_up.json()["token"])
        stranger = User(http, str(uuid4()), new_email())
        task = f"/api/tasks/{user.add('Buy milk', description='x' * 1000)['id']}"
        yield 200, http.post("/api/auth/login", json=account).status_code
        yield 401, http.post("/api/auth/login", json=account | {"password": "?"}).status_code
        yield 409, http.post("/api/auth/signup", json=account).status_code
        yield 200, user.put(task, json={"completed": True}).status_code
        yield 403, stranger.get(task).status_code
        yield 400, user.put(task, json={"title": ""}).status_code
        yield 422, user.post("/api/tasks", content=b"{" * 1000).status_code
        yield 413, user.post("/api/tasks", content=b" " * 2**21).status_code
        yield 405, user.call("PATCH", task).status_code
        yield 401, http.get(task).status_code
        yield 404, user.get("/nowhere").status_code
        yield 204, user.delete(task).status_code
        yield 404, user.get(task).status_code
        for sent in (b"no HTTP\r\n\r\n", message("POST", "/api/tasks", user.token, title="x")[:-3]):
            with dial(program.port) as connection:
                connection.sendall(sent)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc, as Linux has it")
def test_nothing_grows(
    start: Callable[..., Program], postgres: str, figure: Callable[[str, object], None]
) -> None:
    url = new_database(postgres)
    program = start(url, "--workers", "2", DB_POOL_SIZE=str(POOL_SIZE))
    with Load(program.url, writers=32, readers=0):  # opens every connection that there may be
        time.sleep(2)
    end = time.monotonic() + SECONDS
    visits: list[tuple[int, int]] = []

    def come_and_go() -> None:
        while time.monotonic() < end:
            visits.extend(visit(program))
            time.sleep(0.5)

    samples = []
    with (
        Load(program.url, writers=4, readers=4, pause=0.02) as load,
        Sql(url) as sql,
        ThreadPoolExecutor(1) as runner,
    ):
        visitors = runner.submit(come_and_go)
        for number in range(SAMPLES, 0, -1):
            time.sleep(max(0.0, (end - time.monotonic()) / number))
            samples.append(sample(program, sql))
        visitors.result()
    third = (SAMPLES - WARM_UP) // 3
    first, last = samples[WARM_UP : WARM_UP + third], samples[-third:]
    before, after = (mean(each.memory for each in part) for part in (first, last))
    failed = {each: n for each, n in load.statuses().items() if not 200 <= each[0] < 300}
    unexpected = [(wanted, got) for wanted, got in visits if wanted != got]
    errors = [record for record in program.records() if record["level"] == "error"]
    figure(
        f"soak of {SECONDS:.0f} s, first and last third after the warm-up",
        f"memory {before:.1f} and {after:.1f} MiB (at most {MORE_MEMORY:.0%} more), "
        f"files {most(first).files} and {most(last).files} (at most {MORE_FILES} more), "
        f"connections to the database {most(first).connections} and {most(last).connections}",
    )
    figure(
        f"soak of {SECONDS:.0f} s, errors",
        f"{sum(failed.values()) + len(unexpected)} of {len(load.outcomes) + len(visits)} requests",
    )
    assert (failed, unexpected, errors) == ({}, [], [])
    assert after < before * (1 + MORE_MEMORY)
    assert most(last).files <= most(first).files + MORE_FILES
    assert most(last).connections <= most(first).connections <= POOL_SIZE


def most(samples: list[Sample]) -> Sample:
    """The largest of each."""
    return Sample(*map(max, zip(*samples, strict=True)))
