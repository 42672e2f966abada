"""GET /api/tasks in pages: `?limit=` and `?after=`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User, add_task

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ID = "d4c816f6-260e-475d-813e-7bff10b5c4fe"
LIMIT = "Limit must be a whole number from 1 to 1000"
TWICE = "Limit and after can be given only once"
UNKNOWN_PLACES = [
    *("", "no-id", ID, "2026-01-01T00:00:00.000000Z", ",", "noon,"),
    *(f"{time},{ID}" for time in ("", "noon", "2026-01-01", "2026-13-01T00:00:00.000000Z")),
    *(f"0001-01-01T00:00:00.000000+01:00,{ID}", "2026-01-01T00:00:00.000000Z,no-id"),
]
REFUSED = {f"limit={text}": LIMIT for text in ("0", "-1", "1001", "1.5", "ten", "", "1e2", "١")}
REFUSED |= {"limit=1&limit=2": TWICE, "after=1&after=2": TWICE}


@pytest.fixture
def tasks(alice: User, sql: Sql) -> list[Task]:
    """Twelve tasks, three of each moment."""
    for number in range(12):
        add_task(sql, alice, f"task {number}", NOON + timedelta(seconds=number // 3))
    return alice.tasks()


def page(user: User, **query: object) -> list[Task]:
    response = user.get("/api/tasks", params=query)
    assert response.status_code == 200, response.text
    found: list[Task] = response.json()["tasks"]
    return found


def follow_links(user: User, limit: int) -> Iterator[list[Task]]:
    """The pages, each by the Link header of the one before."""
    url = f"/api/tasks?limit={limit}"
    while url:
        response = user.get(url)
        assert response.status_code == 200
        yield response.json()["tasks"]
        url = response.links.get("next", {}).get("url", "")


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 11, 12, 13, 1000])
def test_pages_together_are_the_list(alice: User, tasks: list[Task], limit: int) -> None:
    pages = list(follow_links(alice, limit))
    assert pages == [tasks[start : start + limit] for start in range(0, 12, limit)]


def test_page_may_be_deleted_before_the_next(alice: User, tasks: list[Task]) -> None:
    seen = []
    for found in follow_links(alice, limit=5):
        seen += found
        for task in found:
            assert alice.delete(f"/api/tasks/{task['id']}").status_code == 204
    assert (seen, alice.tasks()) == (tasks, [])


def test_nothing_is_skipped_when_tasks_come_and_go(alice: User, tasks: list[Task]) -> None:
    assert alice.delete(f"/api/tasks/{tasks[2]['id']}").status_code == 204
    alice.add("a newer one")
    assert page(alice, after=tasks[4]["id"], limit=2) == tasks[5:7]
    expect.error(alice.get(f"/api/tasks?after={tasks[2]['id']}"), 404, "Task not found")


def test_page_starts_after_a_task_or_a_moment(alice: User, tasks: list[Task]) -> None:
    assert page(alice, after=tasks[4]["id"]) == tasks[5:]
    assert page(alice, after=tasks[4]["id"], limit=3) == tasks[5:8]
    assert page(alice, after=f"9999-12-31T23:59:59.999999Z,{uuid4()}") == tasks
    assert page(alice, after=f"0001-01-01T00:00:00.000000Z,{uuid4()}") == []
    last = alice.get("/api/tasks", params={"after": tasks[-1]["id"], "limit": 3})
    assert last.json() == {"tasks": []}
    assert "link" not in last.headers


def test_page_has_only_tasks_of_the_caller(alice: User, bob: User, tasks: list[Task]) -> None:
    own = bob.add()
    assert page(bob, limit=5) == [own]
    expect.error(bob.get(f"/api/tasks?after={tasks[0]['id']}"), 404, "Task not found")
    assert page(alice, after=tasks[0]["id"]) == tasks[1:]
    assert page(bob, after=f"{tasks[0]['created_at']},{tasks[0]['id']}") == []


@pytest.mark.parametrize("after", UNKNOWN_PLACES)
def test_unknown_place_is_404(alice: User, after: str) -> None:
    response = alice.get("/api/tasks", params={"after": after, "limit": 2})
    expect.error(response, 404, "Task not found")


@pytest.mark.parametrize("query", REFUSED)
def test_invalid_query_is_400(alice: User, query: str) -> None:
    expect.error(alice.get(f"/api/tasks?{query}"), 400, REFUSED[query])


@pytest.mark.parametrize("query", ["", "page=2", "limits=1", "%00", "&&=&"])
def test_other_parameters_are_ignored(alice: User, tasks: list[Task], query: str) -> None:
    assert alice.get(f"/api/tasks?{query}").json() == {"tasks": tasks}
