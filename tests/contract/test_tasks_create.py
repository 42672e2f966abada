"""POST /api/tasks: what is stored; test_refusals.py has what is refused."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User

OTHER_ID, LONG_AGO = str(uuid4()), "2001-01-01T00:00:00.000000Z"
SERVICE_FIELDS = ("id", "user_id", "completed", "created_at", "updated_at")


def create(user: User, **fields: object) -> Task:
    return expect.task(user.post("/api/tasks", json={"title": "Buy milk"} | fields), 201)


def create_raw(user: User, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return user.post("/api/tasks", content=body, headers=headers)


def test_response_is_the_stored_task(alice: User) -> None:
    task = create(alice, description="2 litres")
    fields = {"title": "Buy milk", "description": "2 litres", "completed": False}
    assert task == task | fields | {"user_id": alice.id}
    assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task


@pytest.mark.parametrize("fields", [{}, {"description": None}])
def test_description_may_be_absent_or_null(alice: User, fields: dict[str, None]) -> None:
    assert create(alice, **fields)["description"] is None


def test_ids_are_unique(alice: User) -> None:
    assert len({create(alice)["id"] for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (" \t\n Buy  milk \u00a0\r\n", "Buy  milk"),
        (" " * 300 + "a" * 255 + " " * 300, "a" * 255),
        *((letter * 255, letter * 255) for letter in "aé漢🥛"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_title_is_trimmed_and_then_at_most_255_characters(
    alice: User, sent: str, stored: str
) -> None:
    assert create(alice, title=sent)["title"] == stored


@pytest.mark.parametrize(
    "description",
    [
        *(letter * 1000 for letter in "aé漢🥛 \n"),
        *("", " ", "  two blanks around  ", "\tlines\r\nand\n\nlines\n"),
        *("e\u0301 is not \u00e9", "\x01\x7f"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_description_is_stored_unchanged(alice: User, description: str) -> None:
    task = create(alice, description=description)
    assert task["description"] == description
    assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task


@pytest.mark.parametrize(
    "title",
    [
        *("👩‍👩‍👧‍👦 family", "مرحبا بالعالم", "\u202ereversed", "null"),
        *("<script>alert(1)</script>", "'; DROP TABLE tasks; --"),
        '100 % \\ "quoted" {braces} $1 :name',
        '"created_at":"2026-06-01T12:00:00Z"',
        "2026-06-01T12:00:00Z",
    ],
)
def test_title_is_plain_text(alice: User, title: str) -> None:
    assert create(alice, title=title)["title"] == title
    assert [task["title"] for task in alice.tasks()] == [title]


@pytest.mark.parametrize("title", ["\x1c", "\x1f\x1e", "\u200b", "\ufeff", "\u2060\u00ad", "\x7f"])
def test_invisible_title_is_stored_or_refused(alice: User, title: str) -> None:
    response = alice.post("/api/tasks", json={"title": title})
    if response.status_code == 201:
        assert alice.tasks() == [expect.task(response, 201)]
    else:
        expect.error(response, 400, "Title is required")


def test_fields_of_the_service_have_no_effect(alice: User, bob: User) -> None:
    values = (OTHER_ID, bob.id, True, LONG_AGO, LONG_AGO)
    task = create(alice, **dict(zip(SERVICE_FIELDS, values, strict=True)))
    assert task["id"] != OTHER_ID
    assert (task["user_id"], task["completed"]) == (alice.id, False)
    assert min(task["created_at"], task["updated_at"]) > LONG_AGO
    assert bob.tasks() == []


@pytest.mark.parametrize("value", [None, "yes", 42, [], "\0"])
def test_fields_of_the_service_are_not_validated(alice: User, value: Any) -> None:
    names = SERVICE_FIELDS if value != "\0" else {*SERVICE_FIELDS} - {"completed"}
    create(alice, **dict.fromkeys(names, value))


def test_times_are_those_of_the_creation(alice: User, sql: Sql) -> None:
    task = create(alice)
    [stored] = sql.rows(
        "SELECT created_at > now() - interval '10 s' AS recent, created_at, updated_at"
        " FROM tasks WHERE id = $1",
        UUID(task["id"]),
    )
    assert stored["recent"]
    for name in ("created_at", "updated_at"):
        assert task[name] == f"{stored[name]:%Y-%m-%dT%H:%M:%S.%f}Z"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (r'{"title": "\ud83e\udd5b"}', "🥛"),
        ('{"title": "Käse"}', "Käse"),
    ],
)
def test_title_may_be_escaped_or_utf_8(alice: User, body: str, title: str) -> None:
    assert expect.task(create_raw(alice, body.encode()), 201)["title"] == title


@pytest.mark.parametrize(
    "member",
    [
        *('"n": 1e5', '"n": -0', '"n": "\\ud83e\\udd5b"', '"n": {"a": {"a": []}}', '"": ""'),
        *('"priority": 1', '"tags": ["a", {"b": null}]', '"__class__": "x"', '"userId": "x"'),
        pytest.param(f'"n": {"9" * 300}', id="300 digits"),
        pytest.param(f'"n": {"[" * 20}{"]" * 20}', id="20 lists"),
    ],
)
def test_unknown_member_is_ignored(alice: User, member: str) -> None:
    body = f'{{"title": "Buy milk", {member}}}'
    expect.task(create_raw(alice, body.encode()), 201)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f'{{"title": "Buy milk", "n": {"9" * 10_000}}}', id="10,000 digits"),
        '{"title": "Buy milk", "n": 1e999}',
        '{"title": "Buy milk", "n": "\\ud800"}',
        '{"title": "Buy milk", "\\ud800": 1}',
        '{"title": "Buy milk", "\\u0000": 1}',
        '{"title": "Buy milk", "title": "Buy bread"}',
        '\ufeff{"title": "Buy milk"}',
    ],
)
def test_unusual_json_is_accepted_or_refused(alice: User, body: str) -> None:
    response = create_raw(alice, body.encode())
    assert response.status_code in {201, 400, 422}
    if response.status_code != 201:
        expect.error(response, response.status_code)
