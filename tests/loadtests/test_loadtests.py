"""`make load`: all thresholds are met, and a service that breaks a promise is found out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.scenarios import SCENARIOS
from tests.support.program import Program
from tests.support.sql import Sql

REPOSITORY = Path(__file__).parents[2]
LEFT_TASKS = "SELECT count(*) FROM tasks JOIN users ON users.id = user_id WHERE email LIKE 'load-%'"
CARELESS = '''
"""Tasks whose handlers are replaced by slow, leaking and failing ones."""

import asyncio
from dataclasses import replace
from itertools import count

from sqlmodel import bindparam, col, select

from core.accounts.tokens import parse_uuid
from core.database.statements import Statement
from core.database.tables import Task
from core.errors import ApiError
from core.plugin import Plugin
from core.state import app_state
from plugins import tasks

plugin = Plugin("careless")
ANY_OWNER = Statement(select(Task).where(col(Task.id) == bindparam("task_id")))
numbers = count(1)


async def slow(request):
    await asyncio.sleep(1.5)
    return await tasks.list_tasks(request)


async def leaking(request):
    task_id = parse_uuid(request.path_params["id"])
    found = await app_state(request).database.fetch_one(ANY_OWNER, task_id=task_id)
    if found is None:
        raise tasks.TaskNotFound
    return {"task": found}


async def failing(request, task):
    if next(numbers) % 20 == 0:
        raise ApiError
    return await tasks.create_task(request, task)


replaced = {tasks.list_tasks: slow, tasks.get_task: leaking, tasks.create_task: failing}
for each in tasks.plugin.operations:
    plugin.operations.append(replace(each, handler=replaced.get(each.handler, each.handler)))
'''


def load(reports: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "--reports", str(reports), *arguments],
        cwd=REPOSITORY,
        env=os.environ | settings,
        capture_output=True,
        check=False,
        text=True,
        timeout=180,
    )


def test_all_thresholds_are_met(tmp_path: Path) -> None:
    result = load(tmp_path, "--seconds", "2", LOAD_P95="1000")  # other programs may be running
    assert "FAIL" not in result.stdout, result.stdout
    assert result.returncode == 0, result.stderr
    for name in SCENARIOS:
        assert f"{name}: " in result.stdout
        assert (tmp_path / f"{name}.html").exists()
        assert (tmp_path / f"{name}_stats.csv").exists()


def test_broken_promises_are_found(tmp_path: Path) -> None:
    guests = tmp_path / "guests"
    guests.mkdir()
    (guests / "careless.py").write_text(CARELESS)
    settings = {"PYTHONPATH": str(tmp_path), "PLUGINS": "auth,health,guests.careless"}
    settings |= {"DB_POOL_SIZE": "60"}
    scenarios = "SC-001,SC-003,SC-005,SC-008"
    result = load(tmp_path, "--seconds", "4", "--only", scenarios, **settings)
    assert result.returncode == 1
    for line in (
        "FAIL p95 of the list in ms",
        "FAIL failed requests",
        "FAIL share of creates that succeed",
        "FAIL database connections",
        "status 200, expected 403",
        "status 500, expected 201",
    ):
        assert line in result.stdout, result.stdout


def test_running_service_is_measured_over_http(service: Program, sql: Sql, tmp_path: Path) -> None:
    result = load(tmp_path, "--host", service.url, "--seconds", "1", "--only", "SC-003")
    assert result.returncode == 0, result.stdout
    assert sql.value(LEFT_TASKS) == 0
    assert service.running()


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--host", "http://127.0.0.1:9"], 2), (["--only", "SC-999"], 2)]
)
def test_wrong_use_ends_without_traceback(
    tmp_path: Path, arguments: list[str], status: int
) -> None:
    result = load(tmp_path, *arguments)
    assert result.returncode == status
    assert "Traceback" not in result.stderr
