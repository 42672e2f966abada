"""What an error says: the field and the rule, in words for people; where JSON broke."""

import httpx
import pytest

from tests.support import expect
from tests.support.users import User

TASK, SIGNUP = "/api/tasks", "/api/auth/signup"
LONG = "x" * 1001
UNSTORABLE = "contains characters that cannot be stored"
CREATING = [
    ({}, "Title is required"),
    ({"title": None}, "Title is required"),
    ({"title": " \t"}, "Title is required"),
    ({"title": 7}, "Title must be text"),
    ({"title": ["Buy milk"]}, "Title must be text"),
    ({"title": "x" * 256}, "Title must be at most 255 characters"),
    ({"title": "a\x00b"}, f"Title {UNSTORABLE}"),
    ({"title": "a", "description": 7}, "Description must be text"),
    ({"title": "a", "description": LONG}, "Description must be at most 1000 characters"),
    ({"title": "a", "description": "\x00"}, f"Description {UNSTORABLE}"),
    ({"description": LONG}, "Title is required; Description must be at most 1000 characters"),
    ({"description": 7, "title": 7}, "Title must be text; Description must be text"),
]
CHANGING = [
    ({"title": None}, "Title cannot be empty"),
    ({"title": ""}, "Title cannot be empty"),
    ({"title": False}, "Title must be text"),
    ({"title": "x" * 256}, "Title must be at most 255 characters"),
    ({"description": {}}, "Description must be text"),
    ({"description": LONG}, "Description must be at most 1000 characters"),
    ({"completed": None}, "Completed must be true or false"),
    ({"completed": "true"}, "Completed must be true or false"),
    ({"completed": 1}, "Completed must be true or false"),
    (
        {"completed": 1, "description": 7, "title": " "},
        "Title cannot be empty; Description must be text; Completed must be true or false",
    ),
]
SHORT = "Password must be at least 8 characters"
GOOD = {"email": "ada@example.com", "password": "correct horse"}
SIGNING_UP = [
    ({}, "Email is required; Password is required"),
    ({"email": 7, "password": None}, "Email must be text; Password is required"),
    ({"email": "ada"}, "Invalid email format; Password is required"),
    (GOOD | {"email": ""}, "Invalid email format"),
    (GOOD | {"email": "a\x00@example.com"}, f"Email {UNSTORABLE}"),
    (GOOD | {"password": "7 chars"}, SHORT),
    (GOOD | {"password": "é" * 37}, "Password must be at most 72 bytes"),
    (GOOD | {"password": 12345678}, "Password must be text"),
    (GOOD | {"password": "a\x00bcdefgh"}, f"Password {UNSTORABLE}"),
    ({"password": "7 chars", "email": "@"}, f"Invalid email format; {SHORT}"),
]
NO_JSON = [
    (b"", "Expecting value at line 1, column 1"),
    (b'{"title": "Buy milk",}', "Expecting property name enclosed in double quotes at line 1,"),
    (b'{\n  "title": "Buy milk"\n  "n": 1}', "Expecting ',' delimiter at line 3, column 3"),
    (b'{\n"title": "Buy\nmilk"}', "Invalid control character at line 2, column 14"),
    (b'{\n"title": "\\x"}', r"Invalid \escape at line 2, column 11"),
    (b'{\n"title": "Buy', "Unterminated string starting at line 2, column 10"),
    (b"{}\n\n {}", "Extra data at line 3, column 2"),
    (b'{"title": "NaN",\n "n": [1, NaN]}', "NaN is not a JSON value at line 2, column 11"),
    (b'{"-Infinity": 1,\n\n"n": -Infinity}', "-Infinity is not a JSON value at line 3, column 6"),
    (b'{"a":\n' * 100_000, "it is nested too deeply from line 501, column 1 on"),
    (b'"[" ' + b"[" * 10, "Extra data at line 1, column 5"),
    (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM at line 1, column 1"),
    (b'{"title": "\xff"}', "it is not UTF-8 at byte 12"),
]


@pytest.mark.parametrize(("body", "sentence"), CREATING)
def test_a_task_that_cannot_be_added(alice: User, body: dict[str, object], sentence: str) -> None:
    expect.error(alice.post(TASK, json=body), 400, sentence)


@pytest.mark.parametrize(("body", "sentence"), CHANGING)
def test_a_task_that_cannot_be_changed(alice: User, body: dict[str, object], sentence: str) -> None:
    task = alice.add()
    expect.error(alice.put(f"{TASK}/{task['id']}", json=body), 400, sentence)
    assert alice.tasks() == [task]


@pytest.mark.parametrize(("body", "sentence"), SIGNING_UP)
def test_an_account_that_cannot_be_made(
    http: httpx.Client, body: dict[str, object], sentence: str
) -> None:
    expect.error(http.post(SIGNUP, json=body), 400, sentence)


@pytest.mark.parametrize(("body", "place"), NO_JSON, ids=range(len(NO_JSON)))
def test_where_json_breaks(alice: User, body: bytes, place: str) -> None:
    answer = alice.post(TASK, content=body)
    expect.error(answer, 422)
    assert answer.json()["error"].startswith(f"The request body is not valid JSON: {place}")
