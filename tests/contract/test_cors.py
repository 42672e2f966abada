"""CORS: preflights, and origins that get no grant; test_headers.py has all other responses."""

from typing import Any

import httpx
import pytest

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.support import expect
from tests.support.users import User

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PATHS = ["/api/tasks", "/api/tasks/d4c816f6", "/api/auth/login", "/api/auth/signup", "/nowhere"]
SENTRY = "authorization,baggage,content-type,idempotency-key,sentry-trace,traceparent"
FOREIGN = [
    "https://evil.example.net",
    *(f"{FRONTEND}{more}" for more in (".evil.example.net", ":8443", "/", "/path")),
    *(f"{FRONTEND}{more}.evil.example.net" for more in ("@", "%00")),
    FRONTEND[:-1],
    FRONTEND.replace("https", "http"),
    *(FRONTEND.replace("todo.", other) for other in ("nottodo.", "sub.todo.", "todoX")),
    FRONTEND.removeprefix("https://"),
    SECOND_FRONTEND.removesuffix(":8443"),
    SECOND_FRONTEND + "/",
    f"{FRONTEND}, {SECOND_FRONTEND}",
    *("null", "*", ""),
]


def assert_granted(response: httpx.Response, origin: str = FRONTEND) -> None:
    assert response.headers.get_list("access-control-allow-origin") == [origin]
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "origin" in response.headers["vary"].lower()


def assert_refused(response: httpx.Response) -> None:
    expect.error(response, 400)
    assert "access-control-allow-methods" not in response.headers


def preflight(
    http: httpx.Client, path: str, method: str = "PUT", names: str = "authorization", **more: Any
) -> httpx.Response:
    asked = {"Method": method, "Headers": names.encode()}
    headers = {f"Access-Control-Request-{name}": value for name, value in asked.items()}
    return http.options(path, headers={"Origin": FRONTEND} | headers | more)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_preflight_names_methods_and_max_age(http: httpx.Client, path: str, method: str) -> None:
    response = preflight(http, path, method)
    assert response.status_code in {200, 204}
    assert_granted(response)
    methods = response.headers["access-control-allow-methods"].replace(" ", "").split(",")
    assert sorted(methods) == sorted(METHODS)
    assert response.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    "names",
    [
        *("authorization", "Authorization, Content-Type", "idempotency-key", SENTRY),
        *("x-anything", "!#$%&'*+-.^_`|~09azAZ"),
        pytest.param("x" * 1024, id="one name of 1 KiB"),
        pytest.param(",".join(["x" * 127] * 8), id="names of 1 KiB"),
    ],
)
def test_preflight_grants_the_headers_that_it_asks_for(http: httpx.Client, names: str) -> None:
    response = preflight(http, "/api/tasks", names=names)
    assert response.status_code in {200, 204}
    assert_granted(response)
    granted = response.headers["access-control-allow-headers"].lower().replace(" ", "")
    assert granted == names.lower().replace(" ", "")


@pytest.mark.parametrize(
    "names",
    [
        *("two words", "x-a, b c", "a/b", "a:b", "(a)", "a;b", "é", '"a"', "a@b", "a\tb"),
        pytest.param("x" * 1025, id="one name over 1 KiB"),
        pytest.param(",".join(["x" * 127] * 8) + ",x", id="names over 1 KiB"),
    ],
)
def test_preflight_for_invalid_header_names_is_400(http: httpx.Client, names: str) -> None:
    assert_refused(preflight(http, "/api/tasks", names=names))


def test_preflight_may_ask_for_no_header(http: httpx.Client) -> None:
    headers = {"Origin": FRONTEND, "Access-Control-Request-Method": "GET"}
    response = http.options("/api/tasks", headers=headers)
    assert response.status_code in {200, 204}
    assert_granted(response)


def test_preflight_for_an_unknown_method_is_400(http: httpx.Client) -> None:
    assert_refused(preflight(http, "/api/tasks", "TRACE"))


@pytest.mark.parametrize("origin", [FRONTEND, SECOND_FRONTEND])
def test_each_origin_of_the_list_is_granted(http: httpx.Client, origin: str) -> None:
    assert_granted(http.get("/health", headers={"Origin": origin}), origin)
    assert_granted(preflight(http, "/api/tasks", Origin=origin), origin)


def test_trailing_slash_in_frontend_url_is_ignored(broken: httpx.Client) -> None:
    response = broken.get("/health", headers={"Origin": FRONTEND})
    assert response.status_code == 200
    assert_granted(response)


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origin_is_not_granted(http: httpx.Client, alice: User, origin: str) -> None:
    for path in ("/health", "/nowhere", "/api/tasks"):
        for response in (
            http.get(path, headers={"Origin": origin}),
            alice.get(path, headers={"Origin": origin}),
            preflight(http, path, Origin=origin),
        ):
            assert "access-control-allow-origin" not in response.headers
        expect.error(response, 400, "This origin is not allowed")


def test_without_an_origin_nothing_is_granted(http: httpx.Client) -> None:
    assert "access-control-allow-origin" not in http.get("/health").headers


def test_granted_preflight_is_followed_by_a_granted_request(
    http: httpx.Client, alice: User
) -> None:
    granted = preflight(http, "/api/tasks", "POST", "authorization,content-type")
    assert granted.status_code in {200, 204}
    response = alice.post("/api/tasks", json={"title": "Buy milk"}, headers={"Origin": FRONTEND})
    expect.task(response, 201)
    assert_granted(response)
