"""Titles and descriptions of any text: stored unchanged or refused, and never executed."""

import json
from uuid import UUID

import pytest

from tests.security.texts import INVISIBLE, STORABLE, UNSTORABLE, WHITE_SPACE
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User


@pytest.mark.parametrize("text", STORABLE, ids=lambda text: ascii(text)[:40])
def test_text_is_stored_unchanged(alice: User, sql: Sql, text: str) -> None:
    body = {"title": text, "description": text}
    stored = {"title": text.strip(WHITE_SPACE), "description": text}
    for method, path, status in (
        ("POST", "/api/tasks", 201),
        ("PUT", f"/api/tasks/{alice.add()['id']}", 200),
    ):
        task = expect.task(alice.call(method, path, json=body), status)
        assert task == task | stored
        assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task
        assert task in alice.tasks()
        row = sql.rows("SELECT title, description FROM tasks WHERE id = $1", UUID(task["id"]))
        assert row == [stored]


def test_escaped_text_is_the_same_text(alice: User) -> None:
    for text in STORABLE:
        units = memoryview(text.encode("utf-16-le")).cast("H")
        escaped = "".join(f"\\u{unit:04x}" for unit in units)
        body = f'{{"title": "a", "description": "{escaped}"}}'
        task = expect.task(alice.post("/api/tasks", content=body), 201)
        assert task["description"] == text


@pytest.mark.parametrize("field", ["title", "description"])
def test_text_that_cannot_be_stored_is_400(alice: User, field: str) -> None:
    task = alice.add()
    for text in UNSTORABLE:
        body = json.dumps({"title": "a"} | {field: "TEXT"}).replace("TEXT", text)
        for method, path in (("POST", "/api/tasks"), ("PUT", f"/api/tasks/{task['id']}")):
            response = alice.call(method, path, content=body)
            assert "cannot be stored" in expect.error(response, 400)
    assert alice.tasks() == [task]


def test_white_space_is_trimmed_and_is_not_a_title(alice: User) -> None:
    for blank in [*WHITE_SPACE, WHITE_SPACE * 20]:
        expect.error(alice.post("/api/tasks", json={"title": blank}), 400, "Title is required")
        task = expect.task(alice.post("/api/tasks", json={"title": f"{blank}a{blank}"}), 201)
        assert task["title"] == "a"
    for letter in INVISIBLE:
        task = expect.task(alice.post("/api/tasks", json={"title": letter}), 201)
        assert task["title"] == letter


@pytest.mark.parametrize("letter", ["a", "\u0301", "🥛", "\ue000", "\u202e"], ids=ascii)
def test_length_is_counted_in_code_points(alice: User, letter: str) -> None:
    body = {"title": letter * 255, "description": letter * 1000}
    task = expect.task(alice.post("/api/tasks", json=body), 201)
    assert (task["title"], task["description"]) == (body["title"], body["description"])
    for more in ({"title": letter * 256}, {"title": "a", "description": letter * 1001}):
        expect.error(alice.post("/api/tasks", json=more), 400)
    assert alice.tasks() == [task]


def test_text_is_never_executed_as_sql(alice: User, bob: User, sql: Sql) -> None:
    others = bob.add("Bob's")
    before = sql.rows("SELECT * FROM users ORDER BY id")
    for text in STORABLE:
        alice.add(text, description=text)
    assert {task["user_id"] for task in alice.tasks()} == {alice.id}
    assert sql.rows("SELECT * FROM users ORDER BY id") == before
    assert bob.tasks() == [others]
