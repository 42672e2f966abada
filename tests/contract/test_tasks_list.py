"""GET /api/tasks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import ADD_TASK, User, add_task

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_a_new_user_has_an_empty_list(alice: User) -> None:
    response = alice.get("/api/tasks")
    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert response.json() == {"tasks": []}


def test_every_task_is_listed_whole(alice: User) -> None:
    made = [alice.add("one", description="first"), alice.add("two")]
    for task in alice.tasks():
        expect.well_formed(task)
        assert task in made
    assert len(alice.tasks()) == 2


def test_the_newest_stands_first(alice: User) -> None:
    for title in ("one", "two", "three"):
        alice.add(title)
    assert [task["title"] for task in alice.tasks()] == ["three", "two", "one"]


def test_the_order_is_that_of_creation_to_the_microsecond(alice: User, sql: Sql) -> None:
    for title, late in (("b", 1), ("c", 0), ("a", 2), ("d", -86_400_000_000)):
        add_task(sql, alice, title, NOON + timedelta(microseconds=late))
    assert [task["title"] for task in alice.tasks()] == ["a", "b", "c", "d"]


def test_a_change_does_not_move_a_task(alice: User) -> None:
    old = alice.add("old")
    alice.add("new")
    alice.put(f"/api/tasks/{old['id']}", json={"completed": True})
    assert [task["title"] for task in alice.tasks()] == ["new", "old"]


def test_tasks_of_one_moment_are_ordered_by_id(alice: User, sql: Sql) -> None:
    made = {add_task(sql, alice, "same moment", NOON) for _ in range(9)}
    listed = [task["id"] for task in alice.tasks()]
    assert set(listed) == made
    assert listed in (sorted(made), sorted(made, reverse=True))
    alice.put(f"/api/tasks/{listed[4]}", json={"title": "changed"})
    assert [task["id"] for task in alice.tasks()] == listed


def test_times_have_microseconds_and_z_even_on_the_second(alice: User, sql: Sql) -> None:
    add_task(sql, alice, "on the second", NOON)
    add_task(sql, alice, "a hundredth", NOON - timedelta(microseconds=990_000))
    first, second = alice.tasks()
    assert first["created_at"] == first["updated_at"] == "2026-06-01T12:00:00.000000Z"
    assert second["created_at"] == "2026-06-01T11:59:59.010000Z"


def test_times_are_utc_wherever_they_came_from(alice: User, sql: Sql) -> None:
    sql.value("SET timezone TO 'Asia/Kolkata'")
    add_task(sql, alice, "from afar", NOON)
    sql.value("RESET timezone")
    assert alice.tasks()[0]["created_at"] == "2026-06-01T12:00:00.000000Z"


def test_a_long_list_is_complete(alice: User, sql: Sql) -> None:
    moments = [NOON + timedelta(seconds=second) for second in range(1500)]
    rows = [(uuid4(), f"{moment:%X}", UUID(alice.id), moment) for moment in moments]
    sql.many(ADD_TASK, rows)
    assert [task["id"] for task in alice.tasks()] == [str(row[0]) for row in reversed(rows)]


def test_tasks_of_others_are_not_listed(alice: User, bob: User) -> None:
    mine, theirs = alice.add("mine"), bob.add("theirs")
    assert alice.tasks() == [mine]
    assert bob.tasks() == [theirs]


def test_nothing_in_the_query_shows_tasks_of_others(alice: User, bob: User) -> None:
    bob.add("theirs")
    assert alice.get("/api/tasks", params={"user_id": bob.id}).json() == {"tasks": []}
