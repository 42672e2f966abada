"""Headers of every response: CORS, nosniff, no-store, and the id that finds it in the log."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User, add_user

Responses = list[tuple[str, httpx.Response]]

ORIGIN = {"Origin": FRONTEND}
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}
REQUESTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (200, "GET", "/health", {}),
    (200, "GET", "/health/ready", {}),
    (200, "GET", "/openapi.json", {}),
    (200, "GET", "/docs", {}),
    (404, "GET", "/nowhere", {}),
    (405, "POST", "/health", {}),
    (200, "GET", "/api/tasks", {}),
    (201, "POST", "/api/tasks", {"json": {"title": "Buy milk"}}),
    (200, "GET", "/api/tasks/{own}", {}),
    (200, "PUT", "/api/tasks/{own}", {"json": {"completed": True}}),
    (204, "DELETE", "/api/tasks/{own}", {}),
    (400, "POST", "/api/tasks", {"json": {}}),
    (400, "POST", "/api/auth/signup", {"json": {}}),
    (401, "POST", "/api/auth/login", {"json": {"email": "a@b.co", "password": "no"}}),
    (401, "GET", "/api/tasks", {"headers": {"Authorization": "Bearer rubbish"}}),
    (403, "GET", "/api/tasks/{others}", {}),
    (404, "GET", "/api/tasks/no-id", {}),
    (405, "PATCH", "/api/tasks", {}),
    (413, "POST", "/api/tasks", {"content": b" " * 1_048_577}),
    (422, "POST", "/api/tasks", {"content": b"{"}),
    (204, "OPTIONS", "/api/tasks", {"headers": PREFLIGHT}),
]
SANE = [
    *("d4c816f6-260e-475d-813e-7bff10b5c4fe", "d9c39d5c73864676a7e40ebfa5a7df1c"),
    *("abc123", "req-42", "A1b2-C3d4"),
]
NOT_SANE = [
    *(
        "",
        " ",
        "two words",
        "x" * 5000,
        '"} {"level": "error", "a": "b"',
        "<script>alert(1)</script>",
    ),
    *("tab\tinside", "caf\xe9", "\x1b[31mred", "{}"),
]


@pytest.fixture(scope="module")
def responses(service: Program, http: httpx.Client, broken: httpx.Client, sql: Sql) -> Responses:
    """The path of a request of the frontend, and its response: every status."""
    alice, bob = add_user(sql, http), add_user(sql, http)
    ids = {"own": alice.add()["id"], "others": bob.add()["id"]}
    found = []
    for status, method, path, options in REQUESTS:
        headers = ORIGIN | options.get("headers", {})
        response = alice.call(method, path.format(**ids), **options | {"headers": headers})
        assert response.status_code == status, (method, path)
        found.append((path, response))
    taken = {"email": alice.email, "password": "correct horse"}
    sent = ORIGIN | bearer(alice.token)
    chunked, announced = sent | {"Transfer-Encoding": "chunked"}, sent | {"Content-Length": "9" * 9}
    others = [
        http.post("/api/auth/signup", json=taken, headers=ORIGIN),
        User(broken, alice.id, "").get("/api/tasks", headers=ORIGIN),
        raw_http.send(service.port, "POST", "/api/tasks", announced),
        raw_http.send(service.port, "POST", "/api/tasks", chunked, raw_http.chunks(65536, 17)),
    ]
    assert [response.status_code for response in others] == [409, 500, 413, 413]
    return found + [("/api/", response) for response in others]


def test_every_response_has_the_common_headers(responses: Responses) -> None:
    for path, response in responses:
        headers = response.headers
        assert headers.get_list("access-control-allow-origin") == [FRONTEND], path
        assert headers["access-control-allow-credentials"] == "true"
        exposed = "X-Request-ID, Retry-After, Link, WWW-Authenticate"
        assert headers["access-control-expose-headers"] == exposed
        assert "origin" in headers["vary"].lower()
        assert headers.get_list("x-content-type-options") == ["nosniff"]
        if path.startswith("/api/"):
            assert headers.get_list("cache-control") == ["no-store"]
    ids = [response.headers["x-request-id"] for _, response in responses]
    assert len(set(ids)) == len(ids)
    assert min(map(len, ids)) >= 8


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
