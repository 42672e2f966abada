"""POST /api/tasks: what is stored; see test_refusals.py for what is refused."""

from uuid import UUID, uuid4

import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User

OTHER_ID, LONG_AGO = str(uuid4()), "2001-01-01T00:00:00.000000Z"
TITLES = {  # sent: stored
    " \t\n Buy  milk \u00a0\r\n": "Buy  milk",
    " " * 300 + "a" * 255 + " " * 300: "a" * 255,
    **{letter * 255: letter * 255 for letter in "aé漢🥛"},
    **{
        text: text
        for text in (
            *("👩‍👩‍👧‍👦 family", "مرحبا بالعالم", "\u202ereversed", "null"),
            *("<script>alert(1)</script>", "'; DROP TABLE tasks; --"),
            '100 % \\ "quoted" {braces} $1 :name',
            *('"created_at":"2026-06-01T12:00:00Z"', "2026-06-01T12:00:00Z"),
        )
    },
}
DESCRIPTIONS = [
    *(None, "", " ", "  two blanks around  ", "\tlines\r\nand\n\nlines\n"),
    *("e\u0301 is not \u00e9", "\x01\x7f", *(letter * 1000 for letter in "aé漢🥛 \n")),
]

UNKNOWN_MEMBERS = [
    *('"n": 1e5', '"n": -0', '"n": 1e999', '"n": "\\ud83e\\udd5b"', '"n": "\\ud800"'),
    *('"": ""', '"\\ud800": 1', '"\\u0000": 1', '"n": {"a": {"a": []}}', '"userId": "x"'),
    *('"priority": 1', '"tags": ["a", {"b": null}]', '"__class__": "x"'),
    *(f'"n": {"9" * 300}', f'"n": {"9" * 10_000}', f'"n": {"[" * 20}{"]" * 20}'),
]


def create(user: User, **fields: object) -> Task:
    return expect.task(user.post("/api/tasks", json={"title": "Buy milk"} | fields), 201)


def test_response_is_the_stored_task(alice: User, sql: Sql) -> None:
    task = create(alice)
    fields = {"title": "Buy milk", "description": None, "completed": False, "user_id": alice.id}
    assert task == task | fields
    [stored] = sql.rows(
        "SELECT *, created_at > now() - interval '10 s' AS recent FROM tasks WHERE id = $1",
        UUID(task["id"]),
    )
    assert stored["recent"]
    for name in ("created_at", "updated_at"):
        assert task[name] == f"{stored[name]:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert len({create(alice)["id"] for _ in range(10)} | {task["id"]}) == 11


@pytest.mark.parametrize(("sent", "stored"), TITLES.items(), ids=lambda text: ascii(text)[:20])
def test_title_is_plain_text_and_trimmed(alice: User, sent: str, stored: str) -> None:
    assert create(alice, title=sent)["title"] == stored
    assert [task["title"] for task in alice.tasks()] == [stored]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda text: ascii(text)[:20])
def test_description_is_stored_unchanged(alice: User, description: str | None) -> None:
    task = create(alice, description=description)
    assert task["description"] == description
    assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task


def test_fields_of_the_service_have_no_effect(alice: User, bob: User) -> None:
    names = ("id", "user_id", "completed", "created_at", "updated_at")
    values = dict(zip(names, (OTHER_ID, bob.id, True, LONG_AGO, LONG_AGO), strict=True))
    odd: list[object] = [None, "yes", 42, [], "\0"]
    for fields in (values, *(dict.fromkeys(names, value) for value in odd)):
        task = create(alice, **fields)
        assert task["id"] != OTHER_ID
        assert (task["user_id"], task["completed"]) == (alice.id, False)
        assert min(task["created_at"], task["updated_at"]) > LONG_AGO
    assert bob.tasks() == []


@pytest.mark.parametrize("member", UNKNOWN_MEMBERS, ids=lambda member: member[:30])
def test_title_may_be_escaped_and_an_unknown_member_is_ignored(alice: User, member: str) -> None:
    for letter in (r"\ud83e\udd5b", "🥛"):
        body = f'{{"title": "{letter}", {member}}}'
        headers = {"Content-Type": "application/json; charset=utf-8"}
        response = alice.post("/api/tasks", content=body.encode(), headers=headers)
        assert expect.task(response, 201)["title"] == "🥛"
