"""GET /api/tasks/{id}, and what ids are, for every method."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

ID = "e1b2c3d4-0000-4000-8000-000000000001"
NOT_IDS = [
    *("1", "0", "-1", "null", "undefined", "not-a-uuid", "a" * 36, "x" * 3000),
    *(ID[:-1], f"{ID}2", f"{ID[:-1]}g", f"%7B{ID}%7D", f"urn:uuid:{ID}"),
    *(f"{ID}%00", f"{ID}%0A", f"%20{ID}", "%00", "%ED%A0%80", "%FF%FE", "%F0%9F%A5%9B"),
    "'%20OR%20'1'='1",
]
each_method = pytest.mark.parametrize(
    ("method", "options"),
    [("GET", {}), ("PUT", {"json": {"title": "Changed"}}), ("DELETE", {})],
    ids=["GET", "PUT", "DELETE"],
)


def test_task_is_read_as_it_was_created(alice: User) -> None:
    task = alice.add("Buy milk", description="2 litres")
    assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task


@each_method
def test_task_of_another_user_is_403(
    alice: User, bob: User, method: str, options: dict[str, Any]
) -> None:
    task = bob.add()
    response = alice.call(method, f"/api/tasks/{task['id']}", **options)
    expect.error(response, 403, "Access denied")
    assert (alice.tasks(), bob.tasks()) == ([], [task])


@each_method
def test_unknown_and_deleted_tasks_are_404(
    alice: User, bob: User, method: str, options: dict[str, Any]
) -> None:
    deleted = alice.add()["id"]
    assert alice.delete(f"/api/tasks/{deleted}").status_code == 204
    for user, task_id in ((alice, deleted), (bob, deleted), (alice, uuid4())):
        response = user.call(method, f"/api/tasks/{task_id}", **options)
        expect.error(response, 404, "Task not found")


@each_method
@pytest.mark.parametrize("task_id", NOT_IDS, ids=lambda task_id: task_id[:60])
def test_id_that_is_not_a_uuid_is_404(
    service: Program, alice: User, task_id: str, method: str, options: dict[str, Any]
) -> None:
    body = b'{"title": "Changed"}' if options else b""
    headers = bearer(alice.token) | {"Content-Length": str(len(body))}
    response = raw_http.send(service.port, method, f"/api/tasks/{task_id}", headers, [body])
    expect.error(response, 404, "Task not found")


@pytest.mark.parametrize("spell", [str.upper, lambda text: text.replace("-", "")])
def test_id_in_another_spelling_is_found_or_404(alice: User, spell: Callable[[str], str]) -> None:
    task = alice.add()
    response = alice.get(f"/api/tasks/{spell(task['id'])}")
    if response.status_code == 200:
        assert expect.task(response) == task
    else:
        expect.error(response, 404, "Task not found")
