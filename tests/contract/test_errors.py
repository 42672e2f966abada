"""Errors that no route decides: unknown path, wrong method, large body, failing statement."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

LIMIT = 1_048_576
ID = "d4c816f6-260e-475d-813e-7bff10b5c4fe"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
UNKNOWN_PATHS = [
    *("/nowhere", "/api", "/api/nowhere", "/api/auth", "/api/auth/logout", "/api/tasks/a/b"),
    *("/API/tasks", "/health/nowhere", "/.env", "/static/../service.py", "/%00", "/%FF"),
]
WITH_SLASH = ["/health/", "/api/tasks/", "/api/auth/login/", f"/api/tasks/{ID}/", "//health"]
WITH_BODY = [
    *(("POST", f"/api/{path}") for path in ("auth/signup", "auth/login", "tasks")),
    ("PUT", f"/api/tasks/{ID}"),
]
TOO_LARGE: dict[str, tuple[dict[str, str], int]] = {  # headers, chunks of 64 KiB and the end
    **{str(size): ({"Content-Length": str(size)}, 0) for size in (LIMIT + 1, 10**9, 10**15)},
    "expect": ({"Content-Length": str(LIMIT + 1), "Expect": "100-continue"}, 0),
    "chunked": ({"Transfer-Encoding": "chunked"}, 18),
    "chunked, without an end": ({"Transfer-Encoding": "chunked"}, 17),
}


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_unknown_path_is_404(service: Program, path: str, method: str) -> None:
    expect.error(raw_http.send(service.port, method, path, {"Content-Length": "0"}), 404)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", WITH_SLASH)
def test_slash_is_not_redirected(service: Program, alice: User, path: str, method: str) -> None:
    for headers in ({}, bearer(alice.token)):
        response = raw_http.send(service.port, method, path, headers | {"Content-Length": "0"})
        assert "location" not in response.headers
        if response.status_code != 200:
            assert response.status_code >= 400
            expect.error(response, response.status_code)


def test_wrong_method_is_405_with_all_methods_in_allow(http: httpx.Client, alice: User) -> None:
    paths = http.get("/openapi.json").json()["paths"] | {"/openapi.json": ["get"], "/docs": ["get"]}
    assert {"/api/tasks", "/api/tasks/{id}", "/api/auth/signup", "/health"} <= paths.keys()
    for path, documented in paths.items():
        methods = {method.upper() for method in documented}
        for headers in ({}, bearer(alice.token), bearer("rubbish")):
            for method in sorted(METHODS - methods):
                response = http.request(method, path.replace("{id}", ID), headers=headers)
                expect.error(response, 405)
                allow = set(response.headers["allow"].split(", "))
                assert methods <= allow <= methods | {"HEAD", "OPTIONS"}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(("headers", "chunks"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_body_over_the_limit_is_413_before_it_is_read(
    service: Program, alice: User, method: str, path: str, headers: dict[str, str], chunks: int
) -> None:
    body = list(raw_http.chunks(65536, 17))[:chunks]
    sent = bearer(alice.token) | headers
    expect.error(raw_http.send(service.port, method, path, sent, body, timeout=5), 413)


@pytest.mark.parametrize("size", [0, LIMIT])
@pytest.mark.parametrize("chunked", [False, True])
def test_body_up_to_the_limit_is_read(alice: User, size: int, chunked: bool) -> None:
    body = b'{"title": "Buy milk"}'.ljust(size)
    content: Any = iter([body[:10], body[10:500_000], body[500_000:]]) if chunked else body
    assert expect.task(alice.post("/api/tasks", content=content), 201)["title"] == "Buy milk"


def test_failing_statement_is_500_without_details(broken: httpx.Client) -> None:
    user = User(broken, str(uuid4()), "a@example.com")
    for response in (
        user.get("/api/tasks"),
        user.post("/api/tasks", json={"title": "Buy milk"}),
        user.delete(f"/api/tasks/{uuid4()}"),
    ):
        expect.error(response, 500, "Service temporarily unavailable")
    assert broken.get("/health").status_code == 200
