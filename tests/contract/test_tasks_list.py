"""GET /api/tasks: complete, in order, and of the caller alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import ADD_TASK, User, add_task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_list_of_a_new_user_is_empty(alice: User) -> None:
    response = alice.get("/api/tasks")
    assert (response.status_code, response.json()) == (200, {"tasks": []})
    assert response.headers["content-type"].split(";")[0] == "application/json"


def test_newest_task_is_first_and_an_update_does_not_move_it(alice: User) -> None:
    tasks = [alice.add(title, description=title) for title in ("one", "two", "three")]
    assert alice.tasks() == tasks[::-1]
    for task in tasks:
        expect.well_formed(task)
    updated = expect.task(alice.put(f"/api/tasks/{tasks[0]['id']}", json={"completed": True}))
    assert alice.tasks() == [tasks[2], tasks[1], updated]


def test_order_is_that_of_creation_to_the_microsecond(alice: User, sql: Sql) -> None:
    for title, late in (("b", 1), ("c", 0), ("a", 2), ("d", -86_400_000_000)):
        add_task(sql, alice, title, NOON + timedelta(microseconds=late))
    assert [task["title"] for task in alice.tasks()] == ["a", "b", "c", "d"]


def test_tasks_of_one_moment_are_ordered_by_id(alice: User, sql: Sql) -> None:
    ids = {add_task(sql, alice, "same moment", NOON) for _ in range(9)}
    listed = [task["id"] for task in alice.tasks()]
    assert listed in (sorted(ids), sorted(ids, reverse=True))
    alice.put(f"/api/tasks/{listed[4]}", json={"title": "changed"})
    assert [task["id"] for task in alice.tasks()] == listed


def test_times_are_utc_with_microseconds(alice: User, sql: Sql) -> None:
    sql.value("SET timezone TO 'Asia/Kolkata'")
    task_id = add_task(sql, alice, "on the second", NOON)
    sql.value("RESET timezone")
    add_task(sql, alice, "a hundredth", NOON - timedelta(microseconds=990_000))
    first, second = alice.tasks()
    assert first["created_at"] == first["updated_at"] == "2026-06-01T12:00:00.000000Z"
    assert second["created_at"] == "2026-06-01T11:59:59.010000Z"
    assert expect.task(alice.get(f"/api/tasks/{task_id}")) == first


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
