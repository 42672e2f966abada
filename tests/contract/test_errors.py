"""Errors that no route decides: unknown path, wrong method, large body, failing statement."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program, has_stack_trace
from tests.support.tokens import bearer, claims, sign
from tests.support.users import User

LIMIT = 1_048_576
ID = "d4c816f6-260e-475d-813e-7bff10b5c4fe"
WITH_BODY = [
    *(("POST", f"/api/{path}") for path in ("auth/signup", "auth/login", "tasks")),
    ("PUT", f"/api/tasks/{ID}"),
]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def send(
    service: Program,
    user: User,
    method: str = "POST",
    path: str = "/api/tasks",
    body: Iterable[bytes] = (),
    **headers: str,
) -> httpx.Response:
    sent = bearer(user.token) | {name.replace("_", "-"): each for name, each in headers.items()}
    return raw_http.send(service.port, method, path, sent, body, timeout=5)


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere", "/api", "/api/nowhere", "/api/auth", "/api/auth/logout", "/api/tasks/a/b"),
        *("/API/tasks", "/health/nowhere", "/.env", "/static/../service.py", "/%00", "/%FF"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_unknown_path_is_404(service: Program, path: str, method: str) -> None:
    expect.error(raw_http.send(service.port, method, path, {"Content-Length": "0"}), 404)


def test_wrong_method_is_405_with_all_methods_in_allow(http: httpx.Client, alice: User) -> None:
    documented = http.get("/openapi.json").json()["paths"]
    allowed = {path: {method.upper() for method in each} for path, each in documented.items()}
    assert allowed["/api/tasks"] == {"GET", "POST"}
    assert allowed["/api/tasks/{id}"] >= {"GET", "PUT", "DELETE"}
    for path, methods in (allowed | {"/openapi.json": {"GET"}, "/docs": {"GET"}}).items():
        for headers in ({}, bearer(alice.token), bearer("rubbish")):
            for method in sorted(METHODS - methods):
                response = http.request(method, path.replace("{id}", ID), headers=headers)
                expect.error(response, 405)
                allow = {name.strip() for name in response.headers["allow"].split(",")}
                assert methods <= allow <= methods | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/health/", "/api/tasks/", "/api/auth/login/", f"/api/tasks/{ID}/", "//health"]
)
def test_trailing_slash_is_not_redirected(
    service: Program, alice: User, path: str, method: str
) -> None:
    for headers in ({}, bearer(alice.token)):
        response = raw_http.send(service.port, method, path, headers | {"Content-Length": "0"})
        assert response.status_code < 300 or response.status_code >= 400
        assert "location" not in response.headers
        if response.status_code >= 400:
            expect.error(response, response.status_code)


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("length", [LIMIT + 1, 10**9, 10**15])
def test_content_length_over_the_limit_is_413_before_the_body_is_read(
    service: Program, alice: User, method: str, path: str, length: int
) -> None:
    expect.error(send(service, alice, method, path, Content_Length=str(length)), 413)


def test_expect_continue_with_too_large_a_body_is_413(service: Program, alice: User) -> None:
    headers = {"Content_Length": str(LIMIT + 1), "Expect": "100-continue"}
    expect.error(send(service, alice, **headers), 413)


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("chunks", [18, 17], ids=["whole", "without an end"])
def test_chunked_body_over_the_limit_is_413(
    service: Program, alice: User, method: str, path: str, chunks: int
) -> None:
    body = list(raw_http.chunks(65536, 17))[:chunks]
    expect.error(send(service, alice, method, path, body, Transfer_Encoding="chunked"), 413)


def test_client_that_sends_too_much_all_the_same_receives_413(alice: User) -> None:
    expect.error(alice.post("/api/tasks", content=b" " * (2 * LIMIT)), 413)


@pytest.mark.parametrize("chunked", [False, True])
def test_body_of_exactly_the_limit_is_read(alice: User, chunked: bool) -> None:
    body = b'{"title": "Buy milk"}'.ljust(LIMIT)
    content: Any = iter([body[:500_000], body[500_000:]]) if chunked else body
    expect.task(alice.post("/api/tasks", content=content), 201)


def test_small_chunked_body_is_read(alice: User) -> None:
    response = alice.post("/api/tasks", content=iter([b'{"title": ', b'"Buy ', b'milk"}']))
    assert expect.task(response, 201)["title"] == "Buy milk"


def test_failing_statement_is_500_without_details(broken: httpx.Client) -> None:
    user = User(broken, str(uuid4()), "a@example.com")
    for response in (
        user.get("/api/tasks"),
        user.post("/api/tasks", json={"title": "Buy milk"}),
        user.delete(f"/api/tasks/{uuid4()}"),
    ):
        expect.error(response, 500, "Service temporarily unavailable")
    assert broken.get("/health").status_code == 200


def test_errors_of_the_client_leave_no_stack_trace(service: Program, alice: User) -> None:
    request_id = str(uuid4())
    expired = {"Authorization": f"Bearer {sign(claims(alice.id, exp=1))}"}
    for status, method, path, headers, body in (
        (400, "POST", "/api/tasks", {}, b"[]"),
        (401, "POST", "/api/tasks", expired, b"[]"),
        (404, "GET", "/nowhere", {}, b""),
        (404, "GET", "/api/tasks/no-id", {}, b""),
        (405, "PATCH", "/api/tasks", {}, b""),
        (413, "POST", "/api/tasks", {}, b" " * (LIMIT + 1)),
        (422, "POST", "/api/tasks", {}, b"{"),
    ):
        headers |= {"X-Request-ID": request_id}
        expect.error(alice.call(method, path, headers=headers, content=body), status)
    assert [record for record in service.records(request_id) if has_stack_trace(record)] == []
