"""CORS: preflights, and origins that get no grant; see test_headers.py for other responses."""

import httpx
import pytest

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.support import expect
from tests.support.users import User

METHODS = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
PATHS = ["/api/tasks", "/api/tasks/d4c816f6", "/api/auth/login", "/api/auth/signup", "/nowhere"]
GRANTED_NAMES = [
    *("authorization", "Authorization, Content-Type", "idempotency-key", "!#$%&'*+-.^_`|~09azAZ"),
    "authorization,baggage,content-type,idempotency-key,sentry-trace,traceparent",
    *("x" * 1024, ",".join(["x" * 127] * 8)),
]
REFUSED_NAMES = [
    *("two words", "x-a, b c", "a/b", "a:b", "(a)", "a;b", "é", '"a"', "a@b", "a\tb"),
    *("x" * 1025, ",".join(["x" * 127] * 8) + ",x"),
]
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


def preflight(
    http: httpx.Client,
    path: str = "/api/tasks",
    origin: str = FRONTEND,
    method: str = "PUT",
    names: str = "authorization",
) -> httpx.Response:
    asked = {"Method": method, "Headers": names.encode()}
    headers = {f"Access-Control-Request-{name}": value for name, value in asked.items()}
    return http.options(path, headers=headers | {"Origin": origin})


def assert_granted(response: httpx.Response, origin: str = FRONTEND) -> None:
    assert response.status_code in {200, 204}
    assert response.headers.get_list("access-control-allow-origin") == [origin]
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "origin" in response.headers["vary"].lower()


def words(header: str) -> list[str]:
    return sorted(header.replace(" ", "").split(","))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_preflight_names_methods_and_max_age(http: httpx.Client, path: str, method: str) -> None:
    response = preflight(http, path, method=method)
    assert_granted(response)
    assert words(response.headers["access-control-allow-methods"]) == METHODS
    assert response.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize("names", GRANTED_NAMES, ids=lambda names: names[:40])
def test_preflight_grants_the_headers_that_it_asks_for(http: httpx.Client, names: str) -> None:
    response = preflight(http, names=names)
    assert_granted(response)
    granted = response.headers["access-control-allow-headers"]
    assert words(granted.lower()) == words(names.lower())


@pytest.mark.parametrize("names", REFUSED_NAMES, ids=lambda names: ascii(names)[:40])
def test_preflight_for_invalid_header_names_is_400(http: httpx.Client, names: str) -> None:
    expect.error(preflight(http, names=names), 400)


def test_preflight_may_ask_for_no_header(http: httpx.Client) -> None:
    headers = {"Origin": FRONTEND, "Access-Control-Request-Method": "GET"}
    assert_granted(http.options("/api/tasks", headers=headers))


def test_preflight_for_an_unknown_method_is_400(http: httpx.Client) -> None:
    expect.error(preflight(http, method="TRACE"), 400)


@pytest.mark.parametrize("origin", [FRONTEND, SECOND_FRONTEND])
def test_each_origin_of_the_list_is_granted(http: httpx.Client, origin: str) -> None:
    assert_granted(http.get("/health", headers={"Origin": origin}), origin)
    assert_granted(preflight(http, origin=origin), origin)


def test_trailing_slash_in_frontend_url_is_ignored(broken: httpx.Client) -> None:
    assert_granted(broken.get("/health", headers={"Origin": FRONTEND}))


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origin_is_not_granted(http: httpx.Client, alice: User, origin: str) -> None:
    for path in ("/health", "/nowhere", "/api/tasks"):
        refused = preflight(http, path, origin)
        expect.error(refused, 400, "This origin is not allowed")
        headers = {"Origin": origin}
        for response in (
            refused,
            http.get(path, headers=headers),
            alice.get(path, headers=headers),
        ):
            assert "access-control-allow-origin" not in response.headers
    assert "access-control-allow-origin" not in http.get("/health").headers
