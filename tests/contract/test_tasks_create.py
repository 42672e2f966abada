"""POST /api/tasks."""

from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User

BLANKS = ["", " ", "   ", "\t", "\n", "\r\n", " \t\n ", "\u00a0", "\u2003", "\u3000"]
NO_TEXT = [42, 1.5, True, False, [], ["Buy milk"], {}, {"a": 1}]


def create(user: User, **fields: object) -> httpx.Response:
    return user.post("/api/tasks", json=fields)


def create_raw(user: User, text: str) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return user.post("/api/tasks", content=text, headers=headers)


def test_a_new_task_is_answered_whole_with_201(alice: User) -> None:
    task = expect.task(create(alice, title="Buy milk", description="2 litres"), 201)
    assert task["title"] == "Buy milk"
    assert task["description"] == "2 litres"
    assert task["completed"] is False
    assert task["user_id"] == alice.id


def test_a_new_task_is_stored_as_answered(alice: User) -> None:
    task = expect.task(create(alice, title="Buy milk"), 201)
    assert expect.task(alice.get(f"/api/tasks/{task['id']}")) == task


def test_without_a_description_it_is_null(alice: User) -> None:
    assert expect.task(create(alice, title="Buy milk"), 201)["description"] is None
    assert (
        expect.task(create(alice, title="Buy milk", description=None), 201)["description"] is None
    )


def test_every_task_has_an_id_of_its_own(alice: User) -> None:
    assert len({alice.add()["id"] for _ in range(10)}) == 10


@pytest.mark.parametrize("title", BLANKS)
def test_a_blank_title_is_no_title(alice: User, title: str) -> None:
    expect.error(create(alice, title=title), 400, "Title is required")


def test_a_missing_title_is_required(alice: User) -> None:
    expect.error(create(alice), 400, "Title is required")
    expect.error(create(alice, description="2 litres"), 400, "Title is required")


def test_a_null_title_is_required(alice: User) -> None:
    expect.error(create(alice, title=None), 400, "Title is required")


@pytest.mark.parametrize("title", NO_TEXT)
def test_a_title_is_text(alice: User, title: object) -> None:
    expect.error(create(alice, title=title), 400)


@pytest.mark.parametrize("description", [*NO_TEXT, 0])
def test_a_description_is_text_or_null(alice: User, description: object) -> None:
    expect.error(create(alice, title="Buy milk", description=description), 400)


def test_a_title_is_trimmed(alice: User) -> None:
    task = expect.task(create(alice, title=" \t\n Buy  milk \u00a0\r\n"), 201)
    assert task["title"] == "Buy  milk"


@pytest.mark.parametrize("letter", ["a", "é", "漢", "🥛"])
def test_255_characters_are_a_title_and_256_are_none(alice: User, letter: str) -> None:
    assert expect.task(create(alice, title=letter * 255), 201)["title"] == letter * 255
    expect.error(create(alice, title=letter * 256), 400)


def test_a_title_is_measured_after_trimming(alice: User) -> None:
    task = expect.task(create(alice, title=" " * 300 + "a" * 255 + " " * 300), 201)
    assert task["title"] == "a" * 255


@pytest.mark.parametrize("letter", ["a", "é", "漢", "🥛", " ", "\n"])
def test_1000_characters_are_a_description_and_1001_are_none(alice: User, letter: str) -> None:
    task = expect.task(create(alice, title="Buy milk", description=letter * 1000), 201)
    assert task["description"] == letter * 1000
    expect.error(create(alice, title="Buy milk", description=letter * 1001), 400)


@pytest.mark.parametrize(
    "description",
    [
        "",
        " ",
        "  two blanks around  ",
        "\tlines\r\nand\n\nlines\n",
        "e\u0301 is not \u00e9",
        "\x01\x7f",
    ],
)
def test_a_description_is_kept_to_the_letter(alice: User, description: str) -> None:
    task = expect.task(create(alice, title="Buy milk", description=description), 201)
    assert task["description"] == description
    assert expect.task(alice.get(f"/api/tasks/{task['id']}"))["description"] == description


@pytest.mark.parametrize(
    "title",
    [
        "👩‍👩‍👧‍👦 family",
        "مرحبا بالعالم",
        "<script>alert(1)</script>",
        "'; DROP TABLE tasks; --",
        '100 % \\ "quoted" {braces} $1 :name',
        "null",
        '"created_at":"2026-06-01T12:00:00Z"',
        "2026-06-01T12:00:00Z",
        "\u202ereversed",
    ],
)
def test_a_title_is_only_text(alice: User, title: str) -> None:
    assert expect.task(create(alice, title=title), 201)["title"] == title
    assert [task["title"] for task in alice.tasks()] == [title]


@pytest.mark.parametrize("title", ["\x1c", "\x1f\x1e", "\u200b", "\ufeff", "\u2060\u00ad", "\x7f"])
def test_a_title_that_nobody_sees_is_no_accident(alice: User, title: str) -> None:
    response = create(alice, title=title)
    if response.status_code == 201:
        assert alice.tasks() == [expect.task(response, 201)]
    else:
        expect.error(response, 400, "Title is required")


def test_a_surrogate_pair_is_one_character(alice: User) -> None:
    task = expect.task(create_raw(alice, r'{"title": "\ud83e\udd5b"}'), 201)
    assert task["title"] == "🥛"


@pytest.mark.parametrize("bad", [r"\u0000", r"\ud800", r"\udc00", r"\udc00\ud800", r"\ud83e!"])
@pytest.mark.parametrize("field", ["title", "description"])
def test_text_that_cannot_be_stored_is_refused(alice: User, field: str, bad: str) -> None:
    good = "" if field == "title" else '"title": "Buy milk", '
    expect.error(create_raw(alice, f'{{{good}"{field}": "Buy {bad} milk"}}'), 400)
    assert alice.tasks() == []


def test_unknown_fields_are_ignored(alice: User) -> None:
    more = {"priority": 1, "tags": ["a", {"b": None}], "": "", "__class__": "x", "userId": "x"}
    expect.task(create(alice, title="Buy milk", **more), 201)


def test_fields_of_ours_have_no_effect(alice: User, bob: User) -> None:
    own, then = str(uuid4()), "2001-01-01T00:00:00.000000Z"
    response = create(
        alice,
        title="Buy milk",
        id=own,
        user_id=bob.id,
        completed=True,
        created_at=then,
        updated_at=then,
    )
    task = expect.task(response, 201)
    assert task["id"] != own
    assert task["user_id"] == alice.id
    assert task["completed"] is False
    assert task["created_at"] > then
    assert task["updated_at"] > then
    assert bob.tasks() == []


@pytest.mark.parametrize("odd", [None, "yes", 42, [], "\0"])
def test_fields_of_ours_are_not_even_judged(alice: User, odd: object) -> None:
    fields = dict.fromkeys(("id", "user_id", "completed", "created_at", "updated_at"), odd)
    if odd == "\0":
        fields.pop("completed")
    expect.task(create(alice, title="Buy milk", **fields), 201)


def test_times_are_those_of_the_creation(alice: User, sql: Sql) -> None:
    task = alice.add()
    kept = sql.rows(
        "SELECT created_at > now() - interval '10 s' AS recent, created_at, updated_at"
        " FROM tasks WHERE id = $1",
        UUID(task["id"]),
    )[0]
    assert kept["recent"]
    assert task["created_at"] == f"{kept['created_at']:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert task["updated_at"] == f"{kept['updated_at']:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_a_charset_in_the_content_type_is_fine(alice: User) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = alice.post("/api/tasks", content='{"title": "Käse"}'.encode(), headers=headers)
    assert expect.task(response, 201)["title"] == "Käse"
