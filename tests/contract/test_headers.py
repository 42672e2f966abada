"""Headers of every response; and the request id, which finds the request in the log."""

import re
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User

ORIGIN = {"Origin": FRONTEND}
REQUESTS = [  # beside those of test_responses.py
    *((200, "GET", path) for path in ("/docs", "/openapi.json", "/api/tasks")),
    *((404, "GET", path) for path in ("/nowhere", "/api/nowhere")),
    *((405, "PATCH", path) for path in ("/health", "/api/tasks")),
    *((204, "OPTIONS", path) for path in ("/health", "/api/tasks")),
]
SANE = [
    *("d4c816f6-260e-475d-813e-7bff10b5c4fe", "d9c39d5c73864676a7e40ebfa5a7df1c"),
    *("abc123", "req-42", "A1b2-C3d4"),
]
NOT_SANE = [
    *("", " ", "two words", "x" * 5000, '"} {"level": "error", "a": "b"', "<script>a</script>"),
    *("tab\tinside", "caf\xe9", "\x1b[31mred", "{}"),
]


@pytest.mark.parametrize(("status", "method", "path"), REQUESTS)
def test_every_response_has_the_common_headers(
    alice: User, status: int, method: str, path: str
) -> None:
    headers = ORIGIN | {"Access-Control-Request-Method": "PUT"}
    response = alice.call(method, path, headers=headers)
    assert response.status_code == status
    expect.common_headers(response, path, FRONTEND)


def test_response_to_a_chunked_body_has_them_too(service: Program, alice: User) -> None:
    headers = ORIGIN | bearer(alice.token) | {"Transfer-Encoding": "chunked"}
    body = raw_http.chunks(65536, 17)
    response = raw_http.send(service.port, "POST", "/api/tasks", headers, body)
    expect.error(response, 413)
    expect.common_headers(response, "/api/tasks", FRONTEND)


def test_response_to_a_failure_has_them_too(broken: httpx.Client) -> None:
    response = User(broken, str(uuid4()), "").get("/api/tasks", headers=ORIGIN)
    expect.error(response, 500)
    expect.common_headers(response, "/api/tasks", FRONTEND)


def test_request_id_of_the_client_is_taken_where_it_is_sane(http: httpx.Client) -> None:
    for request_id in SANE:
        for path in ("/health", "/api/tasks", "/nowhere"):
            response = http.get(path, headers={"X-Request-ID": request_id})
            assert response.headers.get_list("x-request-id") == [request_id]


@pytest.mark.parametrize("request_id", NOT_SANE, ids=lambda text: ascii(text)[:30])
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
    assert service.records(made)
    assert '"level": "error", "a"' not in service.output()


def test_request_id_of_the_client_is_logged(http: httpx.Client, service: Program) -> None:
    headers = bearer(forge(claims(""))) | {"X-Request-ID": uuid4().hex}
    assert http.get("/api/tasks", headers=headers).status_code == 401
    [record] = service.records(headers["X-Request-ID"])
    assert headers["X-Request-ID"] in record.values()
