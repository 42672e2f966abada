"""The load tests: they hold the service to its promises, and tell when it breaks them."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.program import Program, eventually
from tests.support.sql import Sql

REPOSITORY = Path(__file__).parents[2]
PATIENCE = ("--p95", "1000")  # this machine may be busy with anything
LEFT_BY_LOAD = """
    SELECT count(*) FROM tasks JOIN users ON users.id = user_id WHERE email LIKE 'load-%'
"""
CARELESS = '''
"""Tasks, carelessly: slow with lists, indiscreet with ids, forgetful with what is new."""

import asyncio
from dataclasses import replace
from itertools import count

from sqlmodel import bindparam, col, select

from core.errors import ApiError
from core.plugin import Plugin
from core.database.statements import Statement
from core.database.tables import Task
from core.accounts.tokens import parse_uuid
from plugins import tasks

plugin = Plugin("careless")
ANYBODYS = Statement(select(Task).where(col(Task.id) == bindparam("task_id")))
numbers = count(1)


async def slow(request):
    await asyncio.sleep(1.5)
    return await tasks.list_tasks(request)


async def indiscreet(request):
    task_id = parse_uuid(request.path_params["id"])
    found = await request.app.state.database.fetch_one(ANYBODYS, task_id=task_id)
    if found is None:
        raise tasks.TaskNotFound
    return {"task": found}


async def forgetful(request, task):
    if next(numbers) % 20 == 0:
        raise ApiError
    return await tasks.create_task(request, task)


instead = {tasks.list_tasks: slow, tasks.get_task: indiscreet, tasks.create_task: forgetful}
for each in tasks.plugin.operations:
    handler = instead.get(each.handler, each.handler)
    plugin.operations.append(replace(each, handler=handler))
'''


class Run:
    """`python -m loadtests`, with a folder of its own for what it needs on the way."""

    def __init__(self, temporary: Path, report: Path, *arguments: str, **settings: str) -> None:
        self.temporary = temporary
        self.report = report
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loadtests", "--report", str(self.report), *arguments],
            cwd=REPOSITORY,
            env=os.environ | {"TMPDIR": str(self.temporary)} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.table = ""

    def wait_for(self, promise: str) -> None:
        """Come back when this promise is being tried."""
        assert self.process.stderr is not None
        assert next(line for line in self.process.stderr if promise in line)

    def held(self) -> dict[str, str]:
        """What the table says of each promise; comes back when the run has ended."""
        self.table, stderr = self.process.communicate(timeout=120)
        lines = [line.split() for line in self.table.splitlines()]
        found = {line[0]: line[-1] for line in lines if line and line[-1] in {"yes", "NO", "-"}}
        assert found, stderr
        return found

    def left_behind(self) -> list[str]:
        """Files, and processes that work in the folder or were told of it."""
        return [*map(str, self.temporary.iterdir()), *self.processes()]

    def processes(self) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_text().replace("\0", " ")
                found.append(f"{command} in {(process / 'cwd').readlink()}")
        return [each for each in found if str(self.temporary) in each]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start a run; it ends with the test at the latest."""
    with ExitStack() as held:

        def start(*arguments: str, **settings: str) -> Run:
            # pytest's own folders have names too long for a socket
            temporary = held.enter_context(TemporaryDirectory(prefix="load-"))
            run = Run(Path(temporary), tmp_path / "report.html", *arguments, **settings)
            held.enter_context(run.process)
            held.callback(run.process.terminate)
            return run

        yield start


def test_the_service_holds_its_promises(load: Callable[..., Run]) -> None:
    run = load("--seconds", "2", *PATIENCE)
    assert run.held() == dict.fromkeys(
        ["SC-001", "SC-003", "SC-004", "SC-005", "SC-008", "storm", "spike"], "yes"
    )
    assert run.process.returncode == 0
    assert run.left_behind() == []
    page = run.report.read_text()
    assert "SC-008" in page
    assert [word for word in ("http:", "https:", "src=", "href=", "@import") if word in page] == []


def test_a_careless_plugin_and_too_few_connections_are_found_out(
    load: Callable[..., Run], tmp_path: Path
) -> None:
    guests = tmp_path / "guests"
    guests.mkdir()
    (guests / "careless.py").write_text(CARELESS)
    run = load(
        *("--seconds", "2", "--only", "SC-001,SC-003,SC-005,SC-008", *PATIENCE),
        PYTHONPATH=str(tmp_path),
        PLUGINS="auth,health,guests.careless",
        DB_POOL_SIZE="20",
    )
    assert run.held() == dict.fromkeys(["SC-001", "SC-003", "SC-005", "SC-008"], "NO")
    assert run.process.returncode == 1
    for reason in ("SC-003: ", "isolation: answered 200", "answered 500", "20 in use"):
        assert reason in run.table
    assert "isolation: answered 200" in run.report.read_text()
    assert run.left_behind() == []


def test_a_running_service_is_measured_through_its_front_door(
    load: Callable[..., Run], service: Program, sql: Sql
) -> None:
    run = load("--host", service.url, "--seconds", "1", "--only", "sc-003")
    assert run.held() == {"SC-003": "yes"}
    assert run.process.returncode == 0
    assert sql.value(LEFT_BY_LOAD) == 0
    assert service.running()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_puts_everything_away_when_it_is_stopped(load: Callable[..., Run], number: int) -> None:
    run = load("--only", "SC-004")
    run.wait_for("SC-004")
    run.process.send_signal(number)
    run.process.send_signal(number)  # people are impatient
    run.process.communicate(timeout=20)
    assert run.process.returncode == 128 + number
    assert run.left_behind() == []


def test_nothing_outlives_it_when_it_is_killed(load: Callable[..., Run]) -> None:
    run = load("--only", "SC-004")
    run.wait_for("SC-004")
    assert len(run.processes()) >= 2
    run.process.kill()
    run.process.communicate()
    assert eventually(lambda: not run.processes(), seconds=15), run.processes()


def test_nobody_to_measure_is_an_error_of_one_line(load: Callable[..., Run]) -> None:
    run = load("--host", "http://127.0.0.1:9")
    _, stderr = run.process.communicate(timeout=20)
    assert run.process.returncode == 2
    assert stderr.splitlines()[-1] == "error: nothing answers at http://127.0.0.1:9"
