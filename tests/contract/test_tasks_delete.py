"""DELETE /api/tasks/{id}."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import User


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
