"""GET /api/tasks/{id}, and what ids are, for every verb."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import User, add_task

VERBS: list[tuple[str, dict[str, Any]]] = [
    ("GET", {}),
    ("PUT", {"json": {"title": "Changed"}}),
    ("DELETE", {}),
]
each_verb = pytest.mark.parametrize(("verb", "options"), VERBS)
NO_IDS = [
    "1",
    "0",
    "-1",
    "null",
    "undefined",
    "not-a-uuid",
    "a" * 36,
    "e1b2c3d4-0000-4000-8000-00000000000",
    "e1b2c3d4-0000-4000-8000-0000000000012",
    "e1b2c3d4-0000-4000-8000-00000000000g",
    "%7Be1b2c3d4-0000-4000-8000-000000000001%7D",
    "urn:uuid:e1b2c3d4-0000-4000-8000-000000000001",
    "e1b2c3d4-0000-4000-8000-000000000001%00",
    "e1b2c3d4-0000-4000-8000-000000000001%0A",
    "%20e1b2c3d4-0000-4000-8000-000000000001",
    "%00",
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F%A5%9B",
    "'%20OR%20'1'='1",
    "x" * 3000,
]


def test_a_task_is_read_as_it_was_made(alice: User) -> None:
    made = alice.add("Buy milk", description="2 litres")
    assert expect.task(alice.get(f"/api/tasks/{made['id']}")) == made


def test_a_time_on_the_second_has_microseconds(alice: User, sql: Sql) -> None:
    task_id = add_task(sql, alice, "on the second", datetime(2026, 6, 1, 12, tzinfo=UTC))
    task = expect.task(alice.get(f"/api/tasks/{task_id}"))
    assert task["created_at"] == "2026-06-01T12:00:00.000000Z"


@each_verb
def test_a_task_of_somebody_else_is_403(
    alice: User, bob: User, verb: str, options: dict[str, Any]
) -> None:
    theirs = bob.add("theirs")
    expect.error(alice.call(verb, f"/api/tasks/{theirs['id']}", **options), 403, "Access denied")
    assert bob.tasks() == [theirs]


@each_verb
def test_a_task_that_never_was_is_404(alice: User, verb: str, options: dict[str, Any]) -> None:
    expect.error(alice.call(verb, f"/api/tasks/{uuid4()}", **options), 404, "Task not found")


@each_verb
def test_a_deleted_task_is_404(alice: User, bob: User, verb: str, options: dict[str, Any]) -> None:
    gone = alice.add()
    assert alice.delete(f"/api/tasks/{gone['id']}").status_code == 204
    for user in (alice, bob):
        expect.error(user.call(verb, f"/api/tasks/{gone['id']}", **options), 404, "Task not found")


@each_verb
@pytest.mark.parametrize("task_id", NO_IDS)
def test_an_id_that_is_no_uuid_is_404(
    service: Program, alice: User, task_id: str, verb: str, options: dict[str, Any]
) -> None:
    body = b'{"title": "Changed"}' if options else b""
    headers = bearer(alice.token) | {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    response = raw_http.send(service.port, verb, f"/api/tasks/{task_id}", headers, [body])
    expect.error(response, 404, "Task not found")


@pytest.mark.parametrize("write", [str.upper, lambda text: text.replace("-", "")])
def test_an_id_written_otherwise_is_found_or_not_but_no_accident(
    alice: User, write: Callable[[str], str]
) -> None:
    task = alice.add()
    response = alice.get(f"/api/tasks/{write(task['id'])}")
    if response.status_code == 200:
        assert expect.task(response) == task
    else:
        expect.error(response, 404, "Task not found")
