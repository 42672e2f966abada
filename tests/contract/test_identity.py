"""Who is calling: private routes, the Authorization header, and what is logged of a token."""

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from core.operation import Operation
from core.plugin import load
from tests.support import expect, raw_http
from tests.support.program import Program, has_stack_trace, is_warning
from tests.support.tokens import bearer, claims, forge, sign, without
from tests.support.users import User

PLUGINS = load(f"plugins.{name}" for name in ("auth", "tasks", "health", "docs"))
PRIVATE = [each for plugin in PLUGINS for each in plugin.operations if not each.public]
REFUSED = [
    *("", "Bearer", "Bearer ", "{token}", "Basic {token}", "Token {token}", "Bearer: {token}"),
    *("Bearer={token}", "Bearer{token}", "Bearer {token} {token}", "Bearer {token},"),
    *("Bearer {token}, Bearer {token}", 'Bearer "{token}"', "Bearer null", "Bearer undefined"),
    *("Bearer ....", "Bearer \xe9{token}"),
]


@pytest.mark.parametrize("operation", PRIVATE, ids=lambda each: f"{each.method} {each.path}")
@pytest.mark.parametrize("headers", [{}, bearer("rubbish")], ids=["no token", "rubbish"])
def test_private_route_is_401_before_id_and_body_are_read(
    http: httpx.Client, operation: Operation, headers: dict[str, str]
) -> None:
    path = re.sub(r"{\w+}", "not-an-id", operation.path)
    expect.unauthorized(http.request(operation.method, path, headers=headers, content=b"{{{{"))


def test_401_does_not_show_whether_a_task_exists(http: httpx.Client, alice: User) -> None:
    path = f"/api/tasks/{alice.add()['id']}"
    for method in ("GET", "PUT", "DELETE"):
        expect.unauthorized(http.request(method, path, json={}))
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("form", REFUSED)
def test_header_of_another_form_is_refused(service: Program, alice: User, form: str) -> None:
    header = {"Authorization": form.format(token=alice.token)}
    expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", header))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["Bearer {token}", "Bearer {token}"], id="two_headers"),
        pytest.param(["Bearer {token}", "Basic YTpi"], id="a_good_and_a_bad_header"),
        pytest.param(["Basic YTpi", "Bearer {token}"], id="two_headers, the bad one first"),
    ],
)
def test_second_header_is_refused(http: httpx.Client, alice: User, values: list[str]) -> None:
    headers = [("Authorization", value.format(token=alice.token)) for value in values]
    expect.unauthorized(http.get("/api/tasks", headers=headers))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme_is_case_insensitive(http: httpx.Client, alice: User, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {alice.token}"}
    assert http.get("/api/tasks", headers=headers).status_code == 200


def test_token_anywhere_else_is_ignored(service: Program, alice: User) -> None:
    names = ("token", "access_token", "jwt", "authorization", "better-auth.session_token")
    for name in names:
        path = f"/api/tasks?{name}={alice.token}"
        expect.unauthorized(raw_http.send(service.port, "GET", path, {}))
    for header in (
        *({"Cookie": f"{name}={alice.token}"} for name in (*names, "session")),
        {"X-Authorization": f"Bearer {alice.token}"},
    ):
        expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", header))


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_public_route_ignores_an_invalid_token(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers=bearer("rubbish")).status_code == 200


@pytest.mark.parametrize(
    "unusable",
    [
        {"userId": "d4c816f6-260e-475d-813e-7bff10b5c4fe"},
        {"user_id": "a-private-name", "role": "a-private-role"},
        {"\ud800": "first-value", '"\n{': "second-value", "\x1b[31m": "third-value"},
    ],
    ids=["another claim", "not a uuid", "odd names"],
)
def test_signed_token_without_a_user_is_logged_with_claim_names_only(
    http: httpx.Client, service: Program, unusable: dict[str, str]
) -> None:
    content = without(claims(""), "sub", "user_id") | unusable
    token, request_id = forge(content | {"email": "private@example.com"}), str(uuid4())
    headers = bearer(token) | {"X-Request-ID": request_id}
    expect.unauthorized(http.get("/api/tasks", headers=headers))
    [record] = service.records(request_id)
    assert is_warning(record)
    names = [name for name in (*unusable, "email", "exp") if name.isprintable()]
    assert [name for name in names if name not in record["message"]] == []
    secrets = [*unusable.values(), "private@example.com", token, *token.split(".")]
    assert [secret for secret in secrets if secret in service.output()] == []


def test_refused_token_leaves_no_stack_trace(http: httpx.Client, service: Program) -> None:
    request_id = str(uuid4())
    for token in ("rubbish", "a.b.c", sign(claims(str(uuid4()), exp=1)), forge(claims(["x"]))):
        headers = bearer(token) | {"X-Request-ID": request_id}
        expect.unauthorized(http.get("/api/tasks", headers=headers))
    assert [record for record in service.records(request_id) if has_stack_trace(record)] == []


def test_alternating_tokens_are_not_mixed_up(new_user: Callable[[], User]) -> None:
    users = [new_user() for _ in range(10)]
    tasks = {user.id: user.add(user.id) for user in users}
    for user in users * 3:
        assert user.tasks() == [tasks[user.id]]
