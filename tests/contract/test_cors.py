"""CORS headers stand on every answer to the frontend, and on none to others."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

JSON = {"Content-Type": "application/json"}
ORIGIN = {"Origin": FRONTEND}
FOREIGN = [
    "https://evil.example.net",
    f"{FRONTEND}.evil.example.net",
    f"{FRONTEND}:8443",
    f"{FRONTEND}/",
    f"{FRONTEND}/path",
    f"{FRONTEND}@evil.example.net",
    f"{FRONTEND}%00.evil.example.net",
    FRONTEND[:-1],
    FRONTEND.replace("https", "http"),
    FRONTEND.replace("todo.", "nottodo."),
    FRONTEND.replace("todo.", "sub.todo."),
    FRONTEND.replace("todo.", "todoX"),
    FRONTEND.removeprefix("https://"),
    SECOND_FRONTEND.removesuffix(":8443"),
    SECOND_FRONTEND + "/",
    f"{FRONTEND}, {SECOND_FRONTEND}",
    "null",
    "*",
    "",
]


def granted(response: httpx.Response, origin: str = FRONTEND) -> None:
    assert response.headers.get_list("access-control-allow-origin") == [origin]
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "origin" in response.headers["vary"].lower()


def not_granted(response: httpx.Response) -> None:
    assert "access-control-allow-origin" not in response.headers


def preflight(
    http: httpx.Client,
    path: str,
    origin: str = FRONTEND,
    method: str = "PUT",
    headers: str = "authorization,content-type",
) -> httpx.Response:
    asked = {"Method": method, "Headers": headers}
    request = {f"Access-Control-Request-{name}": value for name, value in asked.items()}
    return http.options(path, headers={"Origin": origin} | request)


@pytest.mark.parametrize(
    ("status", "method", "path", "options"),
    [
        (200, "GET", "/health", {}),
        (200, "GET", "/health/ready", {}),
        (200, "GET", "/api/tasks", {}),
        (201, "POST", "/api/tasks", {"json": {"title": "Buy milk"}}),
        (200, "GET", "/api/tasks/{mine}", {}),
        (200, "PUT", "/api/tasks/{mine}", {"json": {"completed": True}}),
        (204, "DELETE", "/api/tasks/{mine}", {}),
        (400, "POST", "/api/tasks", {"json": {}}),
        (400, "POST", "/api/auth/signup", {"json": {}}),
        (401, "POST", "/api/auth/login", {"json": {"email": "a@b.co", "password": "no"}}),
        (401, "GET", "/api/tasks", {"headers": {"Authorization": "Bearer rubbish"}}),
        (403, "GET", "/api/tasks/{theirs}", {}),
        (404, "GET", "/api/tasks/no-id", {}),
        (404, "GET", "/nowhere", {}),
        (405, "PATCH", "/api/tasks", {}),
        (413, "POST", "/api/tasks", {"content": b" " * 1_048_577, "headers": JSON}),
        (422, "POST", "/api/tasks", {"content": b"{", "headers": JSON}),
    ],
)
def test_every_answer_to_the_frontend_is_granted(
    alice: User, bob: User, status: int, method: str, path: str, options: dict[str, Any]
) -> None:
    ids = {"mine": alice.add()["id"], "theirs": bob.add()["id"]}
    options = options | {"headers": ORIGIN | options.get("headers", {})}
    response = alice.call(method, path.format(**ids), **options)
    assert response.status_code == status
    granted(response)


def test_a_409_is_granted(http: httpx.Client, alice: User) -> None:
    body = {"email": alice.email, "password": "correct horse"}
    response = http.post("/api/auth/signup", json=body, headers=ORIGIN)
    assert response.status_code == 409
    granted(response)


def test_a_500_is_granted(broken: httpx.Client) -> None:
    response = User(broken, str(uuid4()), "").get("/api/tasks", headers=ORIGIN)
    expect.error(response, 500)
    granted(response)


def test_a_413_before_and_amid_the_body_is_granted(service: Program, alice: User) -> None:
    headers = ORIGIN | JSON | bearer(alice.token)
    announced = headers | {"Content-Length": str(10**9)}
    granted(raw_http.send(service.port, "POST", "/api/tasks", announced))
    chunked = headers | {"Transfer-Encoding": "chunked"}
    granted(raw_http.send(service.port, "POST", "/api/tasks", chunked, raw_http.chunks(65536, 17)))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/tasks",
        "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe",
        "/api/auth/login",
        "/api/auth/signup",
    ],
)
def test_a_preflight_needs_no_token_and_names_all_that_is_allowed(
    http: httpx.Client, path: str, method: str
) -> None:
    response = preflight(http, path, method=method)
    assert response.status_code in {200, 204}
    granted(response)
    methods = response.headers["access-control-allow-methods"].replace(" ", "").split(",")
    assert {"GET", "POST", "PUT", "DELETE", "OPTIONS"} <= set(methods)
    names = response.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert {"authorization", "content-type"} <= set(names)


def test_a_preflight_for_an_unknown_route_is_granted_too(http: httpx.Client) -> None:
    granted(preflight(http, "/nowhere"))


@pytest.mark.parametrize("origin", [FRONTEND, SECOND_FRONTEND])
def test_each_origin_of_the_list_is_granted_by_itself(http: httpx.Client, origin: str) -> None:
    granted(http.get("/health", headers={"Origin": origin}), origin)
    granted(preflight(http, "/api/tasks", origin), origin)


def test_a_trailing_slash_in_frontend_url_is_forgiven(broken: httpx.Client) -> None:
    assert broken.get("/health", headers=ORIGIN).status_code == 200
    granted(broken.get("/health", headers=ORIGIN))


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_not_granted(http: httpx.Client, alice: User, origin: str) -> None:
    headers = {"Origin": origin}
    for path in ("/health", "/nowhere", "/api/tasks"):
        not_granted(http.get(path, headers=headers))
    not_granted(alice.get("/api/tasks", headers=headers))


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", ["/api/tasks", "/health", "/nowhere"])
def test_the_preflight_of_a_foreign_origin_is_an_error(
    http: httpx.Client, path: str, origin: str
) -> None:
    response = preflight(http, path, origin)
    assert 400 <= response.status_code < 500
    expect.error(response, response.status_code)
    not_granted(response)


def test_without_an_origin_nothing_is_granted(http: httpx.Client) -> None:
    not_granted(http.get("/health"))


def test_what_a_page_needs_to_work_is_granted_in_one_go(
    new_user: Callable[[], User], http: httpx.Client
) -> None:
    """A browser's sequence: ask whether it may, then do it."""
    user = new_user()
    assert preflight(http, "/api/tasks", method="POST").status_code in {200, 204}
    response = user.post("/api/tasks", json={"title": "Buy milk"}, headers=ORIGIN)
    expect.task(response, 201)
    granted(response)


def test_an_idempotency_key_may_cross_origins_where_it_is_asked_for(http: httpx.Client) -> None:
    plain = preflight(http, "/api/tasks", method="POST")
    assert plain.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    wanted = "authorization,content-type,idempotency-key"
    response = preflight(http, "/api/tasks", method="POST", headers=wanted)
    granted(response)
    assert wanted == response.headers["access-control-allow-headers"].lower().replace(" ", "")
