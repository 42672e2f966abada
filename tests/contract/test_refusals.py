"""Bodies that a route refuses: the status, the sentence, and that nothing changes."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import add_user

ACTIONS = {
    "create": ("POST", "/api/tasks"),
    "update": ("PUT", "/api/tasks/{id}"),
    "sign up": ("POST", "/api/auth/signup"),
    "log in": ("POST", "/api/auth/login"),
}
NOT_BOOLEAN: list[Any] = [None, "true", "false", "", "on", 0, 1, -1, 1.0, [], [True], {}]
BLANK = ["", " ", "   ", "\t", "\n", "\r\n", " \t\n ", "\u00a0", "\u2003", "\u3000", "\u00a0\u3000"]
NOT_TEXT = [42, 0, 1.5, True, False, [], ["Buy milk"], {}, {"a": 1}]
NOT_STORABLE = ["Buy \0 milk", "\ud800", "\udc00", "\udc00\ud800", "\ud83e!", "some\udfff\ud83d"]
LONG_TITLES = [letter * 256 for letter in "aé漢🥛"]
LONG_DESCRIPTIONS = [letter * 1001 for letter in "aé漢🥛 \n"]
NOT_AN_OBJECT = [None, True, 42, 1.5, "text", [], [{"title": "Buy milk"}], ["title"]]
NOT_AN_ADDRESS = [
    *("", "   ", "plain", "@example.com", "ada@", "ada@@example.com", "a da@example.com"),
    *("ada@exam ple.com", "ada@example", "ada@example..com", "ada@-example.com"),
    *(".ada@example.com", "ada.@example.com", "a..da@example.com", "ada@[127.0.0.1]"),
    *("Ada <ada@example.com>", "ada@example.com, other@example.com", "ada@example.com\nother"),
    "x" * 64 + "@" + ".".join(["y" * 60] * 4) + ".example.com",
]
EMAIL, PASSWORD = {"email": "ada@example.com"}, {"password": "correct horse"}

TITLE_REQUIRED, TITLE_EMPTY = "Title is required", "Title cannot be empty"
TITLE_TEXT, DESCRIPTION_TEXT = "Title must be text", "Description must be text"
DESCRIPTION_LONG = "Description must be at most 1000 characters"
COMPLETED, OBJECT = "Completed must be true or false", "The request body must be a JSON object"
CHARACTERS = "contains characters that cannot be stored"
EMAIL_FORMAT, BOTH_REQUIRED = "Invalid email format", "Email and password required"
TOO_SHORT, TOO_LONG = "Password must be at least 8 characters", "Password must be at most 72 bytes"
COUNT = "SELECT count(*) FROM users"
Cases = list[tuple[Any, str]]  # a body and the sentence
Refuse = Callable[[str, bytes], httpx.Response]


def cases(name: str, values: Iterable[Any], sentence: str, **others: str) -> Cases:
    """One case for each value of a member, with the same other members."""
    return [(others | {name: value}, sentence) for value in values]


def members_of_a_task(**others: str) -> Cases:
    return [
        *cases("title", NOT_TEXT, TITLE_TEXT),
        *cases("title", LONG_TITLES, "Title must be at most 255 characters"),
        *cases("title", NOT_STORABLE, f"Title {CHARACTERS}"),
        *cases("description", NOT_TEXT, DESCRIPTION_TEXT, **others),
        *cases("description", LONG_DESCRIPTIONS, DESCRIPTION_LONG, **others),
        *cases("description", NOT_STORABLE, f"Description {CHARACTERS}", **others),
    ]


REFUSED: dict[str, Cases] = {
    "create": [
        *((body, OBJECT) for body in NOT_AN_OBJECT),
        *members_of_a_task(title="Buy milk"),
        *cases("title", [None, *BLANK], TITLE_REQUIRED),
        *(({}, TITLE_REQUIRED), ({"description": "2 litres"}, TITLE_REQUIRED)),
        ({"description": "x" * 1001}, f"{TITLE_REQUIRED}; {DESCRIPTION_LONG}"),
        ({"description": 7, "title": 7}, f"{TITLE_TEXT}; {DESCRIPTION_TEXT}"),
    ],
    "update": [
        *((body, OBJECT) for body in NOT_AN_OBJECT),
        *members_of_a_task(),
        *cases("title", [None, *BLANK], TITLE_EMPTY),
        *cases("completed", NOT_BOOLEAN, COMPLETED),
        *cases("completed", ["yes"], COMPLETED, title="Buy bread"),
        *cases("title", [" "], TITLE_EMPTY, description="new"),
        (
            {"completed": 1, "description": 7, "title": " "},
            f"{TITLE_EMPTY}; {DESCRIPTION_TEXT}; {COMPLETED}",
        ),
    ],
    "sign up": [
        *((body, OBJECT) for body in NOT_AN_OBJECT),
        ({}, "Email is required; Password is required"),
        (EMAIL, "Password is required"),
        (PASSWORD, "Email is required"),
        ({"email": 7, "password": None}, "Email must be text; Password is required"),
        ({"email": "ada"}, f"{EMAIL_FORMAT}; Password is required"),
        ({"password": "7 chars", "email": "@"}, f"{EMAIL_FORMAT}; {TOO_SHORT}"),
        *cases("email", [None], "Email is required", **PASSWORD),
        *cases("email", NOT_TEXT, "Email must be text", **PASSWORD),
        *cases("email", NOT_STORABLE, f"Email {CHARACTERS}", **PASSWORD),
        *cases("email", NOT_AN_ADDRESS, EMAIL_FORMAT, **PASSWORD),
        *cases("password", NOT_TEXT, "Password must be text", **EMAIL),
        *cases("password", NOT_STORABLE, f"Password {CHARACTERS}", **EMAIL),
        *cases("password", ["", "1", "1234567", "é" * 7, "🔑" * 7], TOO_SHORT, **EMAIL),
        *cases("password", [*("a" * 73, "é" * 37, "€" * 25), "a" * 5000], TOO_LONG, **EMAIL),
    ],
    "log in": [
        *((body, BOTH_REQUIRED) for body in (*NOT_AN_OBJECT, {}, EMAIL, PASSWORD)),
        *cases("email", [None, "", *NOT_TEXT, *NOT_STORABLE], BOTH_REQUIRED, **PASSWORD),
        *cases("password", [None, "", *NOT_TEXT], BOTH_REQUIRED, **EMAIL),
    ],
}
NOT_JSON: dict[bytes, str] = {
    b"": "Expecting value at line 1, column 1",
    b"  \n": "Expecting value at line 2, column 1",
    b'{\n  "title": "Buy milk"\n  "n": 1}': "Expecting ',' delimiter at line 3, column 3",
    b"{}\n\n {}": "Extra data at line 3, column 2",
    b'{\n"title": "Buy\nmilk"}': "Invalid control character at line 2, column 14",
    b'{"title": "Buy\x00milk"}': "Invalid control character at line 1, column 15",
    b'{\n"title": "\\x41"}': r"Invalid \escape at line 2, column 11",
    rb'{"title": "\u12"}': r"Invalid \uXXXX escape at line 1, column 13",
    b'{\n"title": "Buy': "Unterminated string starting at line 2, column 10",
    b'{"title": "NaN",\n "n": [1, NaN]}': "NaN is not a JSON value",
    b'{"-Infinity": 1,\n\n"n": [-Infinity]}': "-Infinity is not a JSON value",
    b'{"title": "\xff"}': "it is not UTF-8 at byte 12",
    b'{"title": "\xed\xa0\x80"}': "it is not UTF-8 at byte 12",
    '{"title": "Buy milk"}'.encode("utf-16"): "it is not UTF-8 at byte 1",
    b"[" * 100_000: "it is nested too deeply",
    b'{"a":\n' * 100_000 + b"1" + b"}" * 100_000: "it is nested too deeply",
}


@pytest.fixture(scope="module")
def refuse(sql: Sql, http: httpx.Client) -> Refuse:
    """Send a body to the route of an action; no account and no task was added or changed."""
    user = add_user(sql, http)
    task = user.add("Buy milk")
    users = sql.value(COUNT)

    def send(action: str, body: bytes) -> httpx.Response:
        method, path = ACTIONS[action]
        response = user.call(method, path.format(id=task["id"]), content=body)
        assert user.tasks() == [task]
        assert sql.value(COUNT) == users
        return response

    return send


@pytest.mark.parametrize(
    ("action", "body", "sentence"),
    [(action, *case) for action, cases in REFUSED.items() for case in cases],
    ids=lambda value: ascii(value)[:50],
)
def test_invalid_body_is_400(refuse: Refuse, action: str, body: object, sentence: str) -> None:
    expect.error(refuse(action, json.dumps(body).encode()), 400, sentence)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(("body", "reason"), NOT_JSON.items(), ids=lambda value: ascii(value)[:50])
def test_body_that_is_not_json_is_422(
    refuse: Refuse, action: str, body: bytes, reason: str
) -> None:
    sentence = expect.error(refuse(action, body), 422)
    assert sentence.startswith(f"The request body is not valid JSON: {reason}")
