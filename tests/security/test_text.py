"""Titles and descriptions of any text: stored unchanged or refused, and never executed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.security.texts import STORABLE, UNSEEN, UNSTORABLE, WHITE_SPACE
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User

JSON = {"Content-Type": "application/json"}
STORED_FIELDS = ("title", "description")
STORED = "SELECT title, description FROM tasks WHERE id = $1"


def everywhere(user: User, sql: Sql, response: httpx.Response, status: int) -> list[dict[str, Any]]:
    """The texts of a task in the response, in a read, in the list and in the database."""
    sent = expect.task(response, status)
    read = expect.task(user.get(f"/api/tasks/{sent['id']}"))
    listed = next(task for task in user.tasks() if task["id"] == sent["id"])
    stored = sql.rows(STORED, UUID(sent["id"]))[0]
    return [{name: each[name] for name in STORED_FIELDS} for each in (sent, read, listed, stored)]


@pytest.mark.parametrize("name", STORABLE)
def test_text_is_stored_unchanged(alice: User, sql: Sql, name: str) -> None:
    text = STORABLE[name]
    body = {"title": text, "description": text}
    expected = {"title": text.strip(WHITE_SPACE), "description": text}
    created = alice.post("/api/tasks", json=body)
    assert everywhere(alice, sql, created, 201) == [expected] * 4
    updated = alice.put(f"/api/tasks/{alice.add()['id']}", json=body)
    assert everywhere(alice, sql, updated, 200) == [expected] * 4


def test_escaped_text_is_the_same_text(alice: User) -> None:
    for text in STORABLE.values():
        units = memoryview(text.encode("utf-16-le")).cast("H")
        escaped = "".join(f"\\u{unit:04x}" for unit in units)
        body = f'{{"title": "a", "description": "{escaped}"}}'
        task = expect.task(alice.post("/api/tasks", content=body, headers=JSON), 201)
        assert task["description"] == text


@pytest.mark.parametrize("field", STORED_FIELDS)
def test_text_that_cannot_be_stored_is_400(alice: User, field: str) -> None:
    task = alice.add()
    rest = "" if field == "title" else '"title": "a", '
    for text in UNSTORABLE.values():
        body = f'{{{rest}"{field}": "{text}"}}'
        for method, path in (("POST", "/api/tasks"), ("PUT", f"/api/tasks/{task['id']}")):
            response = alice.call(method, path, content=body, headers=JSON)
            assert "cannot be stored" in expect.error(response, 400)
    assert alice.tasks() == [task]


def test_white_space_is_trimmed_and_is_not_a_title(alice: User) -> None:
    for blank in [*WHITE_SPACE, WHITE_SPACE, WHITE_SPACE * 20]:
        expect.error(alice.post("/api/tasks", json={"title": blank}), 400, "Title is required")
        task = expect.task(alice.post("/api/tasks", json={"title": f"{blank}a{blank}"}), 201)
        assert task["title"] == "a"
    for letter in [*UNSEEN, UNSEEN]:  # invisible, but not white space
        task = expect.task(alice.post("/api/tasks", json={"title": letter}), 201)
        assert task["title"] == letter


@pytest.mark.parametrize("letter", ["a", "\u0301", "🥛", "\ue000", "\u202e"])
def test_length_is_counted_in_code_points(alice: User, letter: str) -> None:
    body = {"title": letter * 255, "description": letter * 1000}
    task = expect.task(alice.post("/api/tasks", json=body), 201)
    assert (task["title"], task["description"]) == (body["title"], body["description"])
    for more in ({"title": letter * 256}, {"title": "a", "description": letter * 1001}):
        expect.error(alice.post("/api/tasks", json=more), 400)
    assert alice.tasks() == [task]


def test_text_is_never_executed_as_sql(
    alice: User, bob: User, sql: Sql, figure: Callable[[str, object], None]
) -> None:
    secret = bob.add("Bob's secret")
    before = sql.rows("SELECT * FROM users ORDER BY id")
    for text in STORABLE.values():
        alice.add(text, description=text)
    found = alice.tasks()
    assert {task["user_id"] for task in found} == {alice.id}
    assert sql.rows("SELECT * FROM users ORDER BY id") == before
    assert bob.tasks() == [secret]
    figure("unusual texts stored unchanged in two fields", len(found))
