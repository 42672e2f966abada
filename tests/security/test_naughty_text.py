"""Text of every sort is stored to the letter or refused, and is nothing but text."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.security.naughty import STORABLE, UNSEEN, UNSTORABLE, WHITE_SPACE
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User

JSON = {"Content-Type": "application/json"}
KEPT = "SELECT title, description FROM tasks WHERE id = $1"


def everywhere(user: User, sql: Sql, answer: httpx.Response, status: int) -> list[dict[str, Any]]:
    """A task as answered, as read, as listed and as it is in the database."""
    answered = expect.task(answer, status)
    read = expect.task(user.get(f"/api/tasks/{answered['id']}"))
    listed = next(task for task in user.tasks() if task["id"] == answered["id"])
    stored = sql.rows(KEPT, UUID(answered["id"]))[0]
    texts = ("title", "description")
    return [{name: found[name] for name in texts} for found in (answered, read, listed, stored)]


@pytest.mark.parametrize("name", STORABLE)
def test_text_is_kept_to_the_letter(alice: User, sql: Sql, name: str) -> None:
    text = STORABLE[name]
    expected = {"title": text.strip(WHITE_SPACE), "description": text}
    created = alice.post("/api/tasks", json={"title": text, "description": text})
    assert everywhere(alice, sql, created, 201) == [expected] * 4
    task = alice.add()
    changed = alice.put(f"/api/tasks/{task['id']}", json={"title": text, "description": text})
    assert everywhere(alice, sql, changed, 200) == [expected] * 4


def test_text_written_as_escapes_is_the_same_text(alice: User) -> None:
    for text in STORABLE.values():
        escaped = "".join(
            f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H")
        )
        body = f'{{"title": "a", "description": "{escaped}"}}'
        task = expect.task(alice.post("/api/tasks", content=body, headers=JSON), 201)
        assert task["description"] == text


@pytest.mark.parametrize("field", ["title", "description"])
@pytest.mark.parametrize("name", UNSTORABLE)
def test_text_that_cannot_be_stored_is_400(alice: User, name: str, field: str) -> None:
    task = alice.add()
    rest = "" if field == "title" else '"title": "a", '
    body = f'{{{rest}"{field}": "{UNSTORABLE[name]}"}}'
    for answer in (
        alice.post("/api/tasks", content=body, headers=JSON),
        alice.put(f"/api/tasks/{task['id']}", content=body, headers=JSON),
    ):
        assert "cannot be stored" in expect.error(answer, 400)
    assert alice.tasks() == [task]


def test_every_blank_is_trimmed_and_none_is_a_title(alice: User) -> None:
    for blank in [*WHITE_SPACE, WHITE_SPACE, WHITE_SPACE * 20]:
        expect.error(alice.post("/api/tasks", json={"title": blank}), 400, "Title is required")
    assert alice.tasks() == []
    for blank in [*WHITE_SPACE, WHITE_SPACE * 20]:
        title = expect.task(alice.post("/api/tasks", json={"title": f"{blank}a{blank}"}), 201)
        assert title["title"] == "a"


def test_what_is_unseen_but_no_blank_is_kept(alice: User) -> None:
    for letter in [*UNSEEN, UNSEEN]:
        answer = alice.post("/api/tasks", json={"title": letter, "description": letter})
        task = expect.task(answer, 201)
        assert (task["title"], task["description"]) == (letter, letter)


@pytest.mark.parametrize("letter", ["a", "\u0301", "🥛", "\ue000", "\u202e"])
def test_letters_are_counted_as_python_and_postgresql_do(alice: User, letter: str) -> None:
    body = {"title": letter * 255, "description": letter * 1000}
    task = expect.task(alice.post("/api/tasks", json=body), 201)
    assert (task["title"], task["description"]) == (body["title"], body["description"])
    for more in ({"title": letter * 256}, {"title": "a", "description": letter * 1001}):
        expect.error(alice.post("/api/tasks", json=more), 400)
    assert alice.tasks() == [task]


@pytest.fixture
def secret(bob: User) -> Task:
    """A task of somebody else."""
    return bob.add("Bob's secret")


def test_text_is_never_a_statement(
    alice: User, bob: User, secret: Task, sql: Sql, figure: Callable[[str, object], None]
) -> None:
    before = sql.rows("SELECT * FROM users ORDER BY id")
    for text in STORABLE.values():
        alice.add(text, description=text)
    found = alice.tasks()
    assert {task["user_id"] for task in found} == {alice.id}
    assert sql.rows("SELECT * FROM users ORDER BY id") == before
    assert bob.tasks() == [secret]
    figure("naughty strings in two fields, stored to the letter", len(found))
