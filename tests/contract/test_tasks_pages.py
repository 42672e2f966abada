"""GET /api/tasks in pages: `?limit=` and `?after=`."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.support import expect
from tests.support.people import Task, User, add_task
from tests.support.sql import Sql

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMIT = "Limit must be a whole number from 1 to 1000"
AFTER = "After must be the created_at and id of a task, joined by a comma"


@pytest.fixture
def long_list(alice: User, sql: Sql) -> list[Task]:
    """Twelve tasks, of which each three were made at the same moment."""
    for number in range(12):
        add_task(sql, alice, f"task {number}", NOON + timedelta(seconds=number // 3))
    return alice.tasks()


def place(task: Task) -> str:
    return f"{task['created_at']},{task['id']}"


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


def test_a_client_can_name_the_place_itself(alice: User, long_list: list[Task]) -> None:
    answer = alice.get("/api/tasks", params={"after": place(long_list[4]), "limit": 3})
    assert answer.json()["tasks"] == long_list[5:8]
    assert alice.get("/api/tasks", params={"after": place(long_list[4])}).json() == {
        "tasks": long_list[5:]
    }
    in_another_zone = place(long_list[4]).replace("12:00:02.000000Z", "14:00:02+02:00")
    assert in_another_zone != place(long_list[4])
    answer = alice.get(f"/api/tasks?limit=1&after={quote(in_another_zone)}")
    assert answer.json()["tasks"] == long_list[5:6]


def test_a_place_outlives_its_task(alice: User, long_list: list[Task]) -> None:
    assert alice.delete(f"/api/tasks/{long_list[4]['id']}").status_code == 204
    alice.add("a newer one")
    answer = alice.get("/api/tasks", params={"after": place(long_list[4]), "limit": 2})
    assert answer.json()["tasks"] == long_list[5:7]


def test_a_page_is_only_of_ones_own(alice: User, bob: User, long_list: list[Task]) -> None:
    mine = bob.add("mine")
    assert bob.get("/api/tasks?limit=5").json() == {"tasks": [mine]}
    answer = bob.get("/api/tasks", params={"after": place(long_list[0]), "limit": 5})
    assert answer.json() == {"tasks": []}
    assert "link" not in answer.headers


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        *((f"limit={text}", LIMIT) for text in ("0", "-1", "1001", "1.5", "ten", "", "1e2", "١")),
        *((f"after={text}", AFTER) for text in ("", ",", "2026", "2026-01-01T00:00:00Z,1")),
        (f"after=2026-01-01T00:00:00,{'0' * 8}-0000-4000-8000-{'0' * 12}", AFTER),
        ("limit=1&limit=2", "Limit and after can be given only once"),
    ],
)
def test_what_is_no_page_is_told(alice: User, query: str, sentence: str) -> None:
    expect.error(alice.get(f"/api/tasks?{query}"), 400, sentence)


@pytest.mark.parametrize("query", ["", "page=2", "limits=1", "%00", "&&=&"])
def test_other_parameters_are_ignored(alice: User, long_list: list[Task], query: str) -> None:
    assert alice.get(f"/api/tasks?{query}").json() == {"tasks": long_list}
