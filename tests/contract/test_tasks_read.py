"""GET /api/tasks and GET /api/tasks/{id}; and what ids are, for every method."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import ADD_TASK, User, add_task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ID = "e1b2c3d4-0000-4000-8000-000000000001"
NOT_IDS = [
    *("1", "0", "-1", "null", "undefined", "not-a-uuid", "a" * 36, "x" * 3000),
    *(
        ID[:-1],
        f"{ID}2",
        f"{ID[:-1]}g",
        f"%7B{ID}%7D",
        f"urn:uuid:{ID}",
        ID.replace("-", ""),
        "'%20OR%20'1'='1",
    ),
    *(f"{ID}%00", f"{ID}%0A", f"%20{ID}", "%00", "%ED%A0%80", "%FF%FE", "%F0%9F%A5%9B"),
]
METHODS = ["GET", "PUT", "DELETE"]


def call(user: User, method: str, task_id: object) -> httpx.Response:
    body = {"title": "Changed"} if method == "PUT" else None
    return user.call(method, f"/api/tasks/{task_id}", json=body)


def test_newest_task_is_first_and_an_update_does_not_move_it(alice: User) -> None:
    assert alice.tasks() == []
    tasks = [alice.add(title, description=title) for title in ("one", "two", "three")]
    assert alice.tasks() == tasks[::-1]
    for task in tasks:
        for task_id in (task["id"], task["id"].upper()):
            assert expect.task(call(alice, "GET", task_id)) == task
    updated = expect.task(alice.put(f"/api/tasks/{tasks[0]['id']}", json={"completed": True}))
    response = alice.get("/api/tasks")
    assert response.json() == {"tasks": [tasks[2], tasks[1], updated]}
    assert response.headers["content-type"].split(";")[0] == "application/json"


def test_order_is_by_creation_to_the_microsecond_then_by_id(alice: User, sql: Sql) -> None:
    for title, late in (("b", 1), ("c", 0), ("a", 2), ("d", -86_400_000_000)):
        add_task(sql, alice, title, NOON + timedelta(microseconds=late))
    assert [task["title"] for task in alice.tasks()] == ["a", "b", "c", "d"]
    ids = {add_task(sql, alice, "same moment", NOON + timedelta(days=1)) for _ in range(9)}
    listed = [task["id"] for task in alice.tasks()][:9]
    assert listed in (sorted(ids), sorted(ids, reverse=True))
    call(alice, "PUT", listed[4])
    assert [task["id"] for task in alice.tasks()][:9] == listed


def test_times_are_utc_with_microseconds(alice: User, sql: Sql) -> None:
    sql.value("SET timezone TO 'Asia/Kolkata'")
    task_id = add_task(sql, alice, "on the second", NOON)
    sql.value("RESET timezone")
    add_task(sql, alice, "a hundredth", NOON - timedelta(microseconds=990_000))
    first, second = alice.tasks()
    assert first["created_at"] == first["updated_at"] == "2026-06-01T12:00:00.000000Z"
    assert second["created_at"] == "2026-06-01T11:59:59.010000Z"
    assert expect.task(call(alice, "GET", task_id)) == first


def test_long_list_is_complete(alice: User, sql: Sql) -> None:
    moments = [NOON + timedelta(seconds=second) for second in range(1500)]
    rows = [(uuid4(), f"{moment:%X}", UUID(alice.id), moment) for moment in moments]
    sql.many(ADD_TASK, rows)
    assert [task["id"] for task in alice.tasks()] == [str(row[0]) for row in reversed(rows)]


def test_tasks_of_other_users_are_not_listed(alice: User, bob: User) -> None:
    tasks = [user.add() for user in (alice, bob)]
    assert [alice.tasks(), bob.tasks()] == [[task] for task in tasks]
    assert [task["user_id"] for task in tasks] == [alice.id, bob.id]
    assert alice.get("/api/tasks", params={"user_id": bob.id}).json() == {"tasks": [tasks[0]]}


@pytest.mark.parametrize("method", METHODS)
def test_task_of_another_user_is_403_and_an_unknown_one_404(
    alice: User, bob: User, method: str
) -> None:
    task, deleted = bob.add(), alice.add()["id"]
    assert call(alice, "DELETE", deleted).status_code == 204
    expect.error(call(alice, method, task["id"]), 403, "Access denied")
    for user, task_id in ((alice, deleted), (bob, deleted), (alice, uuid4())):
        expect.error(call(user, method, task_id), 404, "Task not found")
    assert (alice.tasks(), bob.tasks()) == ([], [task])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("task_id", NOT_IDS, ids=lambda task_id: task_id[:60])
def test_id_that_is_not_a_uuid_is_404(
    service: Program, alice: User, method: str, task_id: str
) -> None:
    body = b'{"title": "Changed"}'
    headers = bearer(alice.token) | {"Content-Length": str(len(body))}
    response = raw_http.send(service.port, method, f"/api/tasks/{task_id}", headers, [body])
    expect.error(response, 404, "Task not found")
