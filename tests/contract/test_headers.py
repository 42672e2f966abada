"""Headers: those of every response, the request id, and CORS."""

import re

import httpx
import pytest

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User

REQUESTS = [  # beside those of test_responses.py
    *((200, "GET", path) for path in ("/docs", "/openapi.json", "/api/tasks")),
    *((404, "GET", path) for path in ("/nowhere", "/api/nowhere")),
    *((405, "PATCH", path) for path in ("/health", "/api/tasks")),
    *((204, "OPTIONS", path) for path in ("/health", "/api/tasks")),
]
SANE_IDS = [
    *("d4c816f6-260e-475d-813e-7bff10b5c4fe", "d9c39d5c73864676a7e40ebfa5a7df1c"),
    *("abc123", "req-42", "A1b2-C3d4"),
]
OTHER_IDS = [
    *("", " ", "two words", "x" * 5000, '"} {"level": "error", "a": "b"', "<script>a</script>"),
    *("tab\tinside", "caf\xe9", "\x1b[31mred", "{}"),
]
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
    *("https://evil.example.net", "null", "*", "", f"{FRONTEND}, {SECOND_FRONTEND}"),
    *(f"{FRONTEND}{more}" for more in (".evil.example.net", ":8443", "/", "/path")),
    *(f"{FRONTEND}{more}.evil.example.net" for more in ("@", "%00")),
    *(FRONTEND[:-1], FRONTEND.replace("https", "http"), FRONTEND.removeprefix("https://")),
    *(FRONTEND.replace("todo.", other) for other in ("nottodo.", "sub.todo.", "todoX")),
    *(SECOND_FRONTEND.removesuffix(":8443"), SECOND_FRONTEND + "/"),
]


def preflight(
    http: httpx.Client,
    path: str = "/api/tasks",
    *,
    origin: str = FRONTEND,
    method: str = "PUT",
    names: str = "authorization",
) -> httpx.Response:
    asked = {"Request-Method": method, "Request-Headers": names}
    headers = {f"Access-Control-{name}".encode(): value.encode() for name, value in asked.items()}
    return http.options(path, headers=headers | {b"Origin": origin.encode()})


def words(header: str) -> list[str]:
    return sorted(header.replace(" ", "").split(","))


@pytest.mark.parametrize(("status", "method", "path"), REQUESTS)
def test_every_response_has_the_common_headers(
    alice: User, status: int, method: str, path: str
) -> None:
    headers = {"Origin": FRONTEND, "Access-Control-Request-Method": "PUT"}
    response = alice.call(method, path, headers=headers)
    assert response.status_code == status
    expect.common_headers(response, path, FRONTEND)


def test_response_to_a_chunked_body_has_them_too(service: Program, alice: User) -> None:
    headers = bearer(alice.token) | {"Origin": FRONTEND, "Transfer-Encoding": "chunked"}
    body = raw_http.chunks(65536, 17)
    response = raw_http.send(service.port, "POST", "/api/tasks", headers, body)
    expect.error(response, 413)
    expect.common_headers(response, "/api/tasks", FRONTEND)


@pytest.mark.parametrize("request_id", SANE_IDS)
def test_sane_request_id_is_taken_and_logged(
    http: httpx.Client, service: Program, request_id: str
) -> None:
    headers = bearer(forge(claims(""))) | {"X-Request-ID": request_id}
    for path in ("/health", "/api/tasks", "/nowhere"):
        response = http.get(path, headers=headers)
        assert response.headers.get_list("x-request-id") == [request_id]
    assert request_id in service.records(request_id)[0].values()


@pytest.mark.parametrize("request_id", OTHER_IDS, ids=lambda text: ascii(text)[:30])
def test_other_request_id_is_replaced(service: Program, request_id: str) -> None:
    headers = bearer(forge(claims(""))) | {"X-Request-ID": request_id}
    response = raw_http.send(service.port, "GET", "/api/tasks", headers)
    if response.status_code == 400:  # not HTTP at all
        assert not request_id.isprintable()
        return
    assert response.status_code == 401
    made = response.headers["x-request-id"]
    assert made != request_id
    assert re.fullmatch("[A-Za-z0-9-]{8,64}", made)
    assert made in service.records(made)[0].values()
    assert '"level": "error", "a"' not in service.output()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_preflight_names_methods_and_max_age(http: httpx.Client, path: str, method: str) -> None:
    response = preflight(http, path, method=method)
    assert response.status_code in {200, 204}
    expect.common_headers(response, path, FRONTEND)
    assert words(response.headers["access-control-allow-methods"]) == METHODS
    assert response.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize("names", GRANTED_NAMES, ids=lambda names: names[:40])
def test_preflight_grants_the_headers_that_it_asks_for(http: httpx.Client, names: str) -> None:
    response = preflight(http, names=names)
    assert response.status_code in {200, 204}
    granted = response.headers["access-control-allow-headers"]
    assert words(granted.lower()) == words(names.lower())


@pytest.mark.parametrize("names", REFUSED_NAMES, ids=lambda names: ascii(names)[:40])
def test_preflight_for_invalid_header_names_is_400(http: httpx.Client, names: str) -> None:
    expect.error(preflight(http, names=names), 400)


def test_preflight_for_an_unknown_method_is_400(http: httpx.Client) -> None:
    expect.error(preflight(http, method="TRACE"), 400)


@pytest.mark.parametrize("origin", [FRONTEND, SECOND_FRONTEND])
def test_each_origin_of_the_list_is_granted(http: httpx.Client, origin: str) -> None:
    for response in (
        http.get("/health", headers={"Origin": origin}),
        preflight(http, origin=origin),
    ):
        assert response.is_success
        expect.common_headers(response, "/health", origin)


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origin_is_not_granted(http: httpx.Client, alice: User, origin: str) -> None:
    for path in ("/health", "/nowhere", "/api/tasks"):
        refused = preflight(http, path, origin=origin)
        expect.error(refused, 400, "This origin is not allowed")
        headers = {"Origin": origin}
        for response in (
            refused,
            http.get(path, headers=headers),
            alice.get(path, headers=headers),
        ):
            assert "access-control-allow-origin" not in response.headers
    assert "access-control-allow-origin" not in http.get("/health").headers
