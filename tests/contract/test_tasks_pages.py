"""GET /api/tasks in pages: `?limit=` and `?after=`."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User, add_task

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMIT = "Limit must be a whole number from 1 to 1000"


@pytest.fixture
def long_list(alice: User, sql: Sql) -> list[Task]:
    """Twelve tasks, of which each three were made at the same moment."""
    for number in range(12):
        add_task(sql, alice, f"task {number}", NOON + timedelta(seconds=number // 3))
    return alice.tasks()


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 11, 12, 13, 1000])
def test_the_pages_together_are_the_list(alice: User, long_list: list[Task], limit: int) -> None:
    pages, url = [], f"/api/tasks?limit={limit}"
    while url:
        answer = alice.get(url)
        assert answer.status_code == 200
        pages.append(answer.json()["tasks"])
        url = answer.links.get("next", {}).get("url", "")
    assert [task for page in pages for task in page] == long_list
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= limit


def test_a_client_names_the_task_that_it_has_last(alice: User, long_list: list[Task]) -> None:
    query = {"after": long_list[4]["id"]}
    assert alice.get("/api/tasks", params=query).json() == {"tasks": long_list[5:]}
    assert alice.get("/api/tasks", params=query | {"limit": "3"}).json()["tasks"] == long_list[5:8]
    last = alice.get("/api/tasks", params={"after": long_list[-1]["id"], "limit": "3"})
    assert last.json() == {"tasks": []}
    assert "link" not in last.headers


def test_nothing_is_skipped_when_tasks_come_and_go(alice: User, long_list: list[Task]) -> None:
    assert alice.delete(f"/api/tasks/{long_list[2]['id']}").status_code == 204
    alice.add("a newer one")
    query = {"after": long_list[4]["id"], "limit": "2"}
    assert alice.get("/api/tasks", params=query).json()["tasks"] == long_list[5:7]


def test_each_task_of_a_page_may_be_deleted_before_the_next(
    alice: User, long_list: list[Task]
) -> None:
    seen, url = [], "/api/tasks?limit=5"
    while url:
        answer = alice.get(url)
        for task in answer.json()["tasks"]:
            seen.append(task)
            assert alice.delete(f"/api/tasks/{task['id']}").status_code == 204
        url = answer.links.get("next", {}).get("url", "")
    assert seen == long_list
    assert alice.tasks() == []


def test_a_page_is_only_of_ones_own(alice: User, bob: User, long_list: list[Task]) -> None:
    mine = bob.add("mine")
    assert bob.get("/api/tasks?limit=5").json() == {"tasks": [mine]}
    theirs = bob.get("/api/tasks", params={"after": long_list[0]["id"]})
    expect.error(theirs, 404, "Task not found")
    assert alice.get("/api/tasks", params={"after": long_list[0]["id"]}).status_code == 200
    place = f"{long_list[0]['created_at']},{long_list[0]['id']}"
    assert bob.get("/api/tasks", params={"after": place}).json()["tasks"] == []


NO_PLACES = (
    *(
        "",
        "no-id",
        "d4c816f6-260e-475d-813e-7bff10b5c4fe",
        "2026-01-01T00:00:00.000000Z",
        ",",
        "noon,",
    ),
    "2026-01-01T00:00:00.000000Z,no-id",
    *(
        f"{time},d4c816f6-260e-475d-813e-7bff10b5c4fe"
        for time in ("", "noon", "2026-01-01", "2026-13-01T00:00:00.000000Z")
    ),
    "0001-01-01T00:00:00.000000+01:00,d4c816f6-260e-475d-813e-7bff10b5c4fe",
)
BEHIND = {"0001-01-01T00:00:00.000000Z": 0, "9999-12-31T23:59:59.999999Z": 12}


@pytest.mark.parametrize("after", NO_PLACES)
def test_an_unknown_place_is_told(alice: User, long_list: list[Task], after: str) -> None:
    answer = alice.get("/api/tasks", params={"after": after, "limit": "2"})
    expect.error(answer, 404, "Task not found")
    alice.delete(f"/api/tasks/{long_list[0]['id']}")
    gone = alice.get("/api/tasks", params={"after": long_list[0]["id"]})
    expect.error(gone, 404, "Task not found")


@pytest.mark.parametrize(("time", "behind"), BEHIND.items())
def test_a_place_may_be_at_any_time(
    alice: User, long_list: list[Task], time: str, behind: int
) -> None:
    page = alice.get("/api/tasks", params={"after": f"{time},{uuid4()}"})
    assert page.json()["tasks"] == long_list[:behind]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        *((f"limit={text}", LIMIT) for text in ("0", "-1", "1001", "1.5", "ten", "", "1e2", "١")),
        ("limit=1&limit=2", "Limit and after can be given only once"),
        ("after=1&after=2", "Limit and after can be given only once"),
    ],
)
def test_what_is_no_page_is_told(alice: User, query: str, sentence: str) -> None:
    expect.error(alice.get(f"/api/tasks?{query}"), 400, sentence)


@pytest.mark.parametrize("query", ["", "page=2", "limits=1", "%00", "&&=&"])
def test_other_parameters_are_ignored(alice: User, long_list: list[Task], query: str) -> None:
    assert alice.get(f"/api/tasks?{query}").json() == {"tasks": long_list}
