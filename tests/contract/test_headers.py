"""Headers that stand on every answer, and the id that joins an answer to the log."""

from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import raw_http
from tests.support.program import Program, eventually
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User

JSON = {"Content-Type": "application/json"}
SANE = [
    "d4c816f6-260e-475d-813e-7bff10b5c4fe",
    "d9c39d5c73864676a7e40ebfa5a7df1c",
    "abc123",
    "req-42",
    "A1b2-C3d4",
]
INSANE = [
    "",
    " ",
    "two words",
    "x" * 5000,
    '"},{"level":"error',
    "<script>alert(1)</script>",
    "tab\tinside",
    "caf\xe9",
    "\x1b[31mred",
    "{}",
]


def answers(user: User) -> list[httpx.Response]:
    """One answer of each status."""
    task = user.add()
    http = user.http
    preflight = {"Origin": FRONTEND, "Access-Control-Request-Method": "PUT"}
    found = [
        user.get("/api/tasks"),
        user.post("/api/tasks", json={"title": "Buy milk"}),
        user.delete(f"/api/tasks/{task['id']}"),
        user.post("/api/tasks", json={}),
        http.get("/api/tasks"),
        user.get(f"/api/tasks/{task['id']}"),
        http.patch("/api/tasks"),
        user.post("/api/tasks", content=b" " * 1_048_577, headers=JSON),
        user.post("/api/tasks", content=b"{", headers=JSON),
        http.post("/api/auth/signup", json={}),
        http.options("/api/tasks", headers=preflight),
        http.options("/api/tasks", headers=preflight | {"Origin": "https://evil.example.net"}),
    ]
    statuses = [answer.status_code for answer in found[:10]]
    assert statuses == [200, 201, 204, 400, 401, 404, 405, 413, 422, 400]
    return found


@pytest.fixture(scope="module")
def on_api(service: Program, http: httpx.Client, broken: httpx.Client) -> list[httpx.Response]:
    somebody = User(http, str(uuid4()), f"{uuid4().hex}@example.com")
    mistaken = User(broken, str(uuid4()), "")
    failed = mistaken.get("/api/tasks")
    assert failed.status_code == 500
    headers = bearer(somebody.token) | {"Transfer-Encoding": "chunked"}
    endless = raw_http.send(service.port, "POST", "/api/tasks", headers, raw_http.chunks(65536, 17))
    return [*answers(somebody), failed, endless]


@pytest.fixture(scope="module")
def elsewhere(http: httpx.Client) -> list[httpx.Response]:
    paths = ["/health", "/health/ready", "/nowhere", "/openapi.json", "/docs"]
    return [http.get(path) for path in paths] + [http.post("/health")]


def test_every_answer_forbids_to_guess_its_type(
    on_api: list[httpx.Response], elsewhere: list[httpx.Response]
) -> None:
    for answer in on_api + elsewhere:
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def test_nothing_of_the_api_is_to_be_stored(on_api: list[httpx.Response]) -> None:
    for answer in on_api:
        assert answer.headers.get_list("cache-control") == ["no-store"]


def test_every_answer_has_a_request_id_of_its_own(
    on_api: list[httpx.Response], elsewhere: list[httpx.Response]
) -> None:
    ids = [answer.headers["x-request-id"] for answer in on_api + elsewhere]
    assert len(set(ids)) == len(ids)
    assert min(len(request_id) for request_id in ids) >= 8


@pytest.mark.parametrize("request_id", SANE)
def test_a_sane_request_id_is_taken(http: httpx.Client, request_id: str) -> None:
    headers = {"X-Request-ID": request_id}
    for path in ("/health", "/api/tasks", "/nowhere"):
        response = http.get(path, headers=headers)
        assert response.headers.get_list("x-request-id") == [request_id]


@pytest.mark.parametrize("request_id", INSANE)
def test_any_other_request_id_is_replaced(service: Program, request_id: str) -> None:
    response = raw_http.send(service.port, "GET", "/health", {"X-Request-ID": request_id})
    if response.status_code == 400:  # the HTTP parser would not have it at all
        assert not request_id.isprintable()
        return
    assert response.status_code == 200
    made = response.headers["x-request-id"]
    assert made != request_id
    assert 8 <= len(made) <= 64
    assert made.replace("-", "").isalnum()


def test_the_log_of_a_request_carries_its_id(http: httpx.Client, service: Program) -> None:
    request_id = uuid4().hex
    token = forge(claims("", role="none"))
    headers = bearer(token) | {"X-Request-ID": request_id}
    assert http.get("/api/tasks", headers=headers).status_code == 401
    record = eventually(lambda: service.records(request_id))[0]
    assert request_id in record.values()


def test_the_log_carries_the_id_that_was_made(http: httpx.Client, service: Program) -> None:
    response = http.get("/api/tasks", headers=bearer(forge(claims(""))))
    request_id = response.headers["x-request-id"]
    assert eventually(lambda: service.records(request_id))


def test_a_request_id_cannot_forge_a_log_record(service: Program) -> None:
    forged = '"} {"level": "error", "message": "forged-by-a-client"'
    headers = bearer(forge(claims(""))) | {"X-Request-ID": forged}
    assert raw_http.send(service.port, "GET", "/api/tasks", headers).status_code == 401
    assert "forged-by-a-client" not in service.output()


def test_every_line_of_the_log_is_one_json_record(service: Program) -> None:
    assert eventually(service.records)
    for line in service.output().splitlines():
        assert line.startswith("{"), line
