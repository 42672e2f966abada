"""PUT and DELETE /api/tasks/{id}; see test_refusals.py for bodies that are refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import Task, User

LONG_AGO = "2001-01-01T00:00:00.000000Z"
CHANGES: list[dict[str, Any]] = [
    *({}, {"title": "Buy milk"}, {"title": "Buy bread"}, {"description": None}),
    *({"completed": True}, {"completed": False}, {"description": ""}, {"description": "3 litres"}),
    {"description": "  two blanks,\r\n\ttwo lines \n"},
    {"title": "Buy bread", "completed": True},
    {"title": "Buy bread", "description": None, "completed": True},
    *({"title": letter * 255, "description": letter * 1000} for letter in "a🥛"),
]


@pytest.fixture
def task(alice: User) -> Task:
    return alice.add("Buy milk", description="2 litres")


def put(user: User, task: Task, body: dict[str, Any]) -> httpx.Response:
    return user.put(f"/api/tasks/{task['id']}", json=body)


def updated_at(task: Task) -> datetime:
    return datetime.fromisoformat(task["updated_at"])


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: ascii(changes)[:50])
def test_update_changes_what_is_sent_and_updated_at(
    alice: User, task: Task, changes: dict[str, Any]
) -> None:
    once = expect.task(put(alice, task, changes))
    assert once == task | changes | {"updated_at": once["updated_at"]}
    twice = expect.task(put(alice, task, changes))
    assert twice == once | {"updated_at": twice["updated_at"]}
    assert updated_at(task) < updated_at(once) < updated_at(twice)
    assert alice.tasks() == [twice]


def test_task_can_be_completed_and_reopened(alice: User, task: Task) -> None:
    for completed in (True, True, False, False, True):
        assert expect.task(put(alice, task, {"completed": completed}))["completed"] is completed


def test_fields_of_the_service_have_no_effect(alice: User, bob: User, task: Task) -> None:
    fields = {"id": str(uuid4()), "user_id": bob.id, "created_at": LONG_AGO, "updated_at": LONG_AGO}
    for values in (fields, *(dict.fromkeys((*fields, "unknown"), odd) for odd in (None, 1, "\0"))):
        changed = expect.task(put(alice, task, values | {"title": " \t Buy  bread\n"}))
        assert changed == task | {"title": "Buy  bread", "updated_at": changed["updated_at"]}
        assert updated_at(changed) > updated_at(task)
    expect.error(put(bob, task, {"user_id": bob.id}), 403, "Access denied")
    assert bob.tasks() == []


def test_last_of_concurrent_updates_wins_whole(alice: User, task: Task) -> None:
    bodies = [{"title": f"Version {n}", "description": f"Text {n}"} for n in range(8)]
    with ThreadPoolExecutor(8) as runners:
        responses = list(runners.map(lambda body: put(alice, task, body), bodies))
    versions = [expect.task(response) for response in responses]
    assert alice.tasks() == [max(versions, key=updated_at)]
    for version, body in zip(versions, bodies, strict=True):
        assert version == version | body


def test_concurrent_updates_of_different_fields_are_all_kept(alice: User, task: Task) -> None:
    bodies: list[Task] = [{"title": "Buy bread"}, {"description": "A loaf"}, {"completed": True}]
    with ThreadPoolExecutor(3) as runners:
        list(runners.map(lambda body: put(alice, task, body), bodies))
    [found] = alice.tasks()
    assert found == task | bodies[0] | bodies[1] | bodies[2] | {"updated_at": found["updated_at"]}
    assert abs(updated_at(found).timestamp() - time.time()) < 10


def test_deleted_task_is_gone(alice: User, sql: Sql) -> None:
    kept, gone = alice.add("kept"), alice.add("gone")
    path = f"/api/tasks/{gone['id']}"
    response = alice.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    assert response.headers.get("content-length", "0") == "0"
    assert alice.tasks() == [kept]
    assert sql.value("SELECT count(*) FROM tasks WHERE id = $1", UUID(gone["id"])) == 0
    expect.error(alice.delete(path), 404, "Task not found")


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\xff"])
def test_body_is_ignored(service: Program, alice: User, body: bytes) -> None:
    path = f"/api/tasks/{alice.add()['id']}"
    headers = bearer(alice.token) | ({"Content-Length": str(len(body))} if body else {})
    response = raw_http.send(service.port, "DELETE", path, headers, [body], timeout=2)
    assert (response.status_code, response.content) == (204, b"")
    assert alice.tasks() == []


def test_one_of_concurrent_deletes_is_204(alice: User) -> None:
    path = f"/api/tasks/{alice.add()['id']}"
    with ThreadPoolExecutor(6) as runners:
        responses = list(runners.map(lambda _: alice.delete(path), range(6)))
    first, *others = sorted(responses, key=lambda response: response.status_code)
    assert first.status_code == 204
    for response in others:
        expect.error(response, 404, "Task not found")


def test_task_is_gone_after_concurrent_updates_and_a_delete(alice: User) -> None:
    path = f"/api/tasks/{alice.add()['id']}"
    with ThreadPoolExecutor(4) as runners:
        changes = [runners.submit(alice.put, path, json={"completed": True}) for _ in range(3)]
        deleted = runners.submit(alice.delete, path)
    assert deleted.result().status_code == 204
    assert {change.result().status_code for change in changes} <= {200, 404}
    assert alice.tasks() == []
