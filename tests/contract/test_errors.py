"""Every error is {"error": a sentence}, from whichever layer."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program, eventually, has_stack_trace
from tests.support.tokens import bearer, claims, sign
from tests.support.users import User

LIMIT = 1_048_576
JSON = {"Content-Type": "application/json"}
WITH_BODY = ["/api/auth/signup", "/api/auth/login", "/api/tasks"]
ALLOWED = [
    ("/api/auth/signup", {"POST"}),
    ("/api/auth/login", {"POST"}),
    ("/api/tasks", {"GET", "POST"}),
    ("/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe", {"GET", "PUT", "DELETE"}),
    ("/health", {"GET"}),
    ("/health/ready", {"GET"}),
    ("/openapi.json", {"GET"}),
]
NO_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b"  \n",
    "a word": b"rubbish",
    "half an object": b'{"title": "Buy milk"',
    "a comma too many": b'{"title": "Buy milk",}',
    "single quotes": b"{'title': 'Buy milk'}",
    "a comment": b'{"title": "Buy milk"} // now',
    "two documents": b'{"title": "Buy milk"}{"title": "Buy milk"}',
    "a form": b"title=Buy+milk",
    "a raw line break": b'{"title": "Buy\nmilk"}',
    "a raw NUL": b'{"title": "Buy\x00milk"}',
    "a bad escape": rb'{"title": "\x41"}',
    "half an escape": rb'{"title": "\u12"}',
    "NaN": b'{"title": "Buy milk", "n": NaN}',
    "Infinity": b'{"title": "Buy milk", "n": Infinity}',
    "-Infinity": b'{"title": "Buy milk", "n": [-Infinity]}',
    "bad UTF-8": b'{"title": "Buy \xff milk"}',
    "cut UTF-8": b'{"title": "Buy \xf0\x9f\xa5"}',
    "Latin-1": '{"title": "Käse"}'.encode("latin-1"),
    "a surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "UTF-16": '{"title": "Buy milk"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"title": "Buy milk"}'.encode("utf-16-le"),
    "UTF-32": '{"title": "Buy milk"}'.encode("utf-32"),
    "open brackets": b"[" * 100_000,
    "nested lists": b'{"title": "x", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested objects": b'{"title": "x", "n": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
}
NO_OBJECT = [None, True, 42, 1.5, "text", [], [{"title": "Buy milk"}], ["title"]]


def post(http: httpx.Client, user: User, path: str, body: bytes) -> httpx.Response:
    return http.post(path, content=body, headers=JSON | bearer(user.token))


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api",
        "/api/nowhere",
        "/api/auth",
        "/api/auth/logout",
        "/api/tasks/a/b",
        "/API/tasks",
        "/health/nowhere",
        "/.env",
        "/static/../service.py",
        "/%00",
        "/%FF",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_an_unknown_route_is_404(service: Program, path: str, method: str) -> None:
    expect.error(raw_http.send(service.port, method, path, {"Content-Length": "0"}), 404)


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
def test_a_wrong_method_is_405_and_told_every_right_one(
    http: httpx.Client, alice: User, path: str, allowed: set[str]
) -> None:
    wrong = {"GET", "POST", "PUT", "DELETE", "PATCH"} - allowed
    for headers in ({}, bearer(alice.token), bearer("rubbish")):
        for method in sorted(wrong):
            response = http.request(method, path, headers=headers)
            expect.error(response, 405)
            told = {word.strip() for word in response.headers["allow"].split(",")}
            assert allowed <= told <= allowed | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path",
    [
        "/health/",
        "/api/tasks/",
        "/api/auth/login/",
        "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe/",
        "//health",
    ],
)
def test_a_trailing_slash_is_not_redirected(service: Program, alice: User, path: str) -> None:
    for headers in ({}, bearer(alice.token)):
        for method in ("GET", "POST"):
            response = raw_http.send(service.port, method, path, headers | {"Content-Length": "0"})
            assert not 300 <= response.status_code < 400
            assert "location" not in response.headers
            if response.status_code >= 400:
                expect.error(response, response.status_code)


@pytest.mark.parametrize("path", WITH_BODY)
@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_body_that_is_no_json_is_422(
    http: httpx.Client, alice: User, path: str, body: bytes
) -> None:
    expect.error(post(http, alice, path, body), 422)


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_a_change_that_is_no_json_is_422(alice: User, body: bytes) -> None:
    task = alice.add()
    response = alice.put(f"/api/tasks/{task['id']}", content=body, headers=JSON)
    expect.error(response, 422)
    assert alice.tasks() == [task]


@pytest.mark.parametrize("path", WITH_BODY)
@pytest.mark.parametrize("document", NO_OBJECT)
def test_json_that_is_no_object_is_400(
    http: httpx.Client, alice: User, path: str, document: object
) -> None:
    expect.error(post(http, alice, path, json.dumps(document).encode()), 400)


@pytest.mark.parametrize("document", NO_OBJECT)
def test_a_change_that_is_no_object_is_400(alice: User, document: object) -> None:
    task = alice.add()
    content = json.dumps(document).encode()
    expect.error(alice.put(f"/api/tasks/{task['id']}", content=content, headers=JSON), 400)
    assert alice.tasks() == [task]


@pytest.mark.parametrize(
    "value",
    [b"[" * 20 + b"]" * 20, b"1e5", b"-0", b"9" * 300, b'"\\ud83e\\udd5b"', b'{"a": {"a": []}}'],
)
def test_json_in_fields_that_nobody_reads_is_fine(
    http: httpx.Client, alice: User, value: bytes
) -> None:
    body = b'{"title": "Buy milk", "n": ' + value + b"}"
    expect.task(post(http, alice, "/api/tasks", body), 201)


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "Buy milk", "n": ' + b"9" * 10_000 + b"}",
        b'{"title": "Buy milk", "n": 1e999}',
        b'{"title": "Buy milk", "n": "\\ud800"}',
        b'{"title": "Buy milk", "\\ud800": 1}',
        b'{"title": "Buy milk", "\\u0000": 1}',
        b'{"title": "Buy milk", "title": "Buy bread"}',
        b'\xef\xbb\xbf{"title": "Buy milk"}',
    ],
)
def test_odd_json_is_no_accident(http: httpx.Client, alice: User, body: bytes) -> None:
    response = post(http, alice, "/api/tasks", body)
    assert response.status_code in {201, 400, 422}
    if response.status_code != 201:
        expect.error(response, response.status_code)


@pytest.mark.parametrize("path", WITH_BODY)
@pytest.mark.parametrize("length", [LIMIT + 1, 10**9, 10**15])
def test_a_body_that_announces_too_much_is_413_before_it_is_read(
    service: Program, alice: User, path: str, length: int
) -> None:
    headers = JSON | bearer(alice.token) | {"Content-Length": str(length)}
    expect.error(raw_http.send(service.port, "POST", path, headers, timeout=3), 413)


def test_a_client_that_asks_whether_to_go_on_is_told_413(service: Program, alice: User) -> None:
    headers = JSON | bearer(alice.token) | {"Content-Length": str(LIMIT + 1)}
    headers |= {"Expect": "100-continue"}
    expect.error(raw_http.send(service.port, "POST", "/api/tasks", headers, timeout=3), 413)


@pytest.mark.parametrize("path", WITH_BODY)
def test_a_chunked_body_is_413_when_too_much_has_come(
    service: Program, alice: User, path: str
) -> None:
    headers = JSON | bearer(alice.token) | {"Transfer-Encoding": "chunked"}
    body: Iterable[bytes] = raw_http.chunks(65536, 17)
    expect.error(raw_http.send(service.port, "POST", path, headers, body), 413)


def test_a_chunked_body_without_an_end_is_413_too(service: Program, alice: User) -> None:
    headers = JSON | bearer(alice.token) | {"Transfer-Encoding": "chunked"}
    endless = list(raw_http.chunks(65536, 17))[:-1]
    expect.error(
        raw_http.send(service.port, "POST", "/api/tasks", headers, endless, timeout=5), 413
    )


def test_a_change_that_is_too_large_is_413(service: Program, alice: User) -> None:
    task = alice.add()
    headers = JSON | bearer(alice.token) | {"Content-Length": str(LIMIT + 1)}
    expect.error(raw_http.send(service.port, "PUT", f"/api/tasks/{task['id']}", headers), 413)


def test_a_client_that_sends_too_much_all_the_same_sees_the_413(
    http: httpx.Client, alice: User
) -> None:
    expect.error(post(http, alice, "/api/tasks", b" " * (2 * LIMIT)), 413)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_exactly_the_limit_is_read(
    http: httpx.Client, alice: User, chunked: bool
) -> None:
    body = b'{"title": "Buy milk"}'.ljust(LIMIT)
    content: Any = iter([body[:500_000], body[500_000:]]) if chunked else body
    response = alice.post("/api/tasks", content=content, headers=JSON)
    expect.task(response, 201)


def test_a_small_chunked_body_is_read(alice: User) -> None:
    pieces = iter([b'{"title": ', b'"Buy ', b'milk"}'])
    response = alice.post("/api/tasks", content=pieces, headers=JSON)
    assert expect.task(response, 201)["title"] == "Buy milk"


def test_a_fault_of_ours_is_500_and_tells_nothing(broken: httpx.Client) -> None:
    user = User(broken, str(uuid4()), "a@example.com")
    message = expect.error(user.get("/api/tasks"), 500)
    assert [word for word in ("relation", "tasks", "sql", "table") if word in message] == []
    expect.error(user.post("/api/tasks", json={"title": "Buy milk"}), 500, message)
    expect.error(user.delete(f"/api/tasks/{uuid4()}"), 500, message)
    assert broken.get("/health").status_code == 200


def test_faults_of_the_caller_leave_no_stack_trace(service: Program, alice: User) -> None:
    request_id = str(uuid4())
    headers = JSON | bearer(alice.token) | {"X-Request-ID": request_id}
    expired = headers | bearer(sign(claims(alice.id, exp=1)))
    with httpx.Client(base_url=service.url) as http:
        for status, method, path, sent, body in (
            (400, "POST", "/api/tasks", headers, b"[]"),
            (401, "POST", "/api/tasks", expired, b"[]"),
            (404, "GET", "/nowhere", headers, b""),
            (404, "GET", "/api/tasks/no-id", headers, b""),
            (405, "PATCH", "/api/tasks", headers, b""),
            (413, "POST", "/api/tasks", headers, b" " * (LIMIT + 1)),
            (422, "POST", "/api/tasks", headers, b"{"),
        ):
            expect.error(http.request(method, path, headers=sent, content=body), status)
    assert eventually(service.healthy)
    assert [record for record in service.records(request_id) if has_stack_trace(record)] == []
