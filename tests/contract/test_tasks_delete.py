"""DELETE /api/tasks/{id}."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import User


def test_deleting_answers_204_and_nothing(alice: User) -> None:
    task = alice.add()
    response = alice.delete(f"/api/tasks/{task['id']}")
    assert response.status_code == 204
    assert response.content == b""
    assert "content-type" not in response.headers
    assert response.headers.get("content-length", "0") == "0"


def test_a_204_leaves_the_connection_fit_for_the_next_request(
    service: Program, alice: User
) -> None:
    task = alice.add()
    response = raw_http.send(
        service.port, "DELETE", f"/api/tasks/{task['id']}", bearer(alice.token), timeout=2
    )
    assert (response.status_code, response.content) == (204, b"")
    assert alice.tasks() == []


def test_a_deleted_task_is_gone(alice: User, sql: Sql) -> None:
    kept, gone = alice.add("kept"), alice.add("gone")
    alice.delete(f"/api/tasks/{gone['id']}")
    assert alice.tasks() == [kept]
    assert sql.value("SELECT count(*) FROM tasks WHERE id = $1", UUID(gone["id"])) == 0


def test_deleting_twice_is_204_and_404(alice: User) -> None:
    task = alice.add()
    assert alice.delete(f"/api/tasks/{task['id']}").status_code == 204
    expect.error(alice.delete(f"/api/tasks/{task['id']}"), 404, "Task not found")


def test_of_many_deletes_at_once_one_is_204(alice: User) -> None:
    task = alice.add()
    with ThreadPoolExecutor(6) as runners:
        answers = list(runners.map(lambda _: alice.delete(f"/api/tasks/{task['id']}"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404, 404, 404]
    for answer in answers:
        if answer.status_code == 404:
            expect.error(answer, 404, "Task not found")


def test_nobody_else_can_delete_it(alice: User, bob: User) -> None:
    task = alice.add()
    expect.error(bob.delete(f"/api/tasks/{task['id']}"), 403, "Access denied")
    assert alice.tasks() == [task]


@pytest.mark.parametrize("body", [b"{}", b"not json", b"\xff"])
def test_a_body_is_not_looked_at(service: Program, alice: User, body: bytes) -> None:
    task = alice.add()
    headers = bearer(alice.token) | {"Content-Length": str(len(body))}
    response = raw_http.send(service.port, "DELETE", f"/api/tasks/{task['id']}", headers, [body])
    assert response.status_code == 204


def test_changing_and_deleting_at_once_ends_with_no_task(alice: User) -> None:
    task = alice.add()
    path = f"/api/tasks/{task['id']}"
    with ThreadPoolExecutor(4) as runners:
        changes = [runners.submit(alice.put, path, json={"completed": True}) for _ in range(3)]
        deleted = runners.submit(alice.delete, path)
    assert deleted.result().status_code == 204
    assert {change.result().status_code for change in changes} <= {200, 404}
    assert alice.tasks() == []
