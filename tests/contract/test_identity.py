"""Who is calling: the Authorization header and the user id in the token."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.program import Program, eventually, has_stack_trace, is_warning
from tests.support.tokens import bearer, claims, forge, sign, without
from tests.support.users import User

PRIVATE = [
    ("GET", "/api/tasks"),
    ("POST", "/api/tasks"),
    ("GET", "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe"),
    ("PUT", "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe"),
    ("DELETE", "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe"),
]
HEADERS_REFUSED = [
    "",
    "Bearer",
    "Bearer ",
    "{token}",
    "Basic {token}",
    "Token {token}",
    "Bearer: {token}",
    "Bearer={token}",
    "Bearer{token}",
    "Bearer {token} {token}",
    "Bearer {token},",
    "Bearer {token}, Bearer {token}",
    'Bearer "{token}"',
    "Bearer null",
    "Bearer undefined",
    "Bearer ....",
    "Bearer \xe9{token}",
]
NO_USER_IDS = [
    "",
    "42",
    42,
    None,
    True,
    [],
    {},
    "not-a-uuid",
    "somebody@example.com",
    "a" * 32,
    "{e1b2c3d4-0000-4000-8000-000000000001}",
    "urn:uuid:e1b2c3d4-0000-4000-8000-000000000001",
    "e1b2c3d4-0000-4000-8000-000000000001\n",
    " e1b2c3d4-0000-4000-8000-000000000001",
    "e1b2c3d4-0000-4000-8000-00000000000\0",
    "e1b2c3d4-0000-4000-8000-0000000000\ud800",
]


def ask(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/api/tasks", headers=bearer(token))


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_a_private_route_without_a_token_is_401(http: httpx.Client, method: str, path: str) -> None:
    expect.unauthorized(http.request(method, path))


@pytest.mark.parametrize("form", HEADERS_REFUSED)
def test_headers_of_another_form_are_401(service: Program, alice: User, form: str) -> None:
    header = {"Authorization": form.format(token=alice.token)}
    expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", header))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_written_in_any_case(http: httpx.Client, alice: User, scheme: str) -> None:
    response = http.get("/api/tasks", headers={"Authorization": f"{scheme} {alice.token}"})
    assert response.status_code == 200


def test_two_headers_are_401_even_when_equal(http: httpx.Client, alice: User) -> None:
    header = ("Authorization", f"Bearer {alice.token}")
    expect.unauthorized(http.get("/api/tasks", headers=[header, header]))


def test_a_good_and_a_bad_header_are_401_in_either_order(http: httpx.Client, alice: User) -> None:
    good, bad = ("Authorization", f"Bearer {alice.token}"), ("Authorization", "Basic YTpi")
    expect.unauthorized(http.get("/api/tasks", headers=[good, bad]))
    expect.unauthorized(http.get("/api/tasks", headers=[bad, good]))


def test_tokens_elsewhere_do_nothing(service: Program, alice: User) -> None:
    for name in ("token", "access_token", "jwt", "authorization"):
        path = f"/api/tasks?{name}={alice.token}"
        expect.unauthorized(raw_http.send(service.port, "GET", path, {}))
    for name in ("token", "access_token", "session", "better-auth.session_token"):
        cookie = {"Cookie": f"{name}={alice.token}"}
        expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", cookie))
    other = {"X-Authorization": f"Bearer {alice.token}"}
    expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", other))


@pytest.mark.parametrize("token", ["", "rubbish"])
def test_401_comes_before_body_and_id(service: Program, token: str) -> None:
    headers = bearer(token) if token else {}
    bad_body = headers | {"Content-Type": "application/json", "Content-Length": "4"}
    for method, path in (
        ("POST", "/api/tasks"),
        ("PUT", "/api/tasks/no-id"),
        ("PUT", "/api/tasks/d4c816f6-260e-475d-813e-7bff10b5c4fe"),
    ):
        expect.unauthorized(raw_http.send(service.port, method, path, bad_body, [b"{{{{"]))
    for method in ("GET", "DELETE"):
        expect.unauthorized(raw_http.send(service.port, method, "/api/tasks/no-id", headers))


def test_401_does_not_tell_whether_a_task_exists(http: httpx.Client, alice: User) -> None:
    task = alice.add()
    expect.unauthorized(http.get(f"/api/tasks/{task['id']}"))
    expect.unauthorized(http.delete(f"/api/tasks/{task['id']}"))
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_public_routes_do_not_mind_a_bad_token(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers=bearer("rubbish")).status_code == 200


@pytest.mark.parametrize("absent", ["sub", "user_id"])
def test_one_of_user_id_and_sub_is_enough(http: httpx.Client, alice: User, absent: str) -> None:
    alice.add("Mine")
    response = ask(http, sign(without(claims(alice.id), absent)))
    assert [task["title"] for task in response.json()["tasks"]] == ["Mine"]


def test_user_id_and_sub_must_not_differ(http: httpx.Client, alice: User, bob: User) -> None:
    expect.unauthorized(ask(http, sign(claims(alice.id, sub=bob.id))))
    expect.unauthorized(ask(http, sign(claims(alice.id, user_id=bob.id))))
    expect.unauthorized(ask(http, forge(claims(alice.id, user_id="rubbish"))))
    expect.unauthorized(ask(http, forge(claims(alice.id, sub="rubbish"))))


@pytest.mark.parametrize("user_id", NO_USER_IDS)
def test_a_user_id_is_a_canonical_uuid(http: httpx.Client, user_id: object) -> None:
    expect.unauthorized(ask(http, forge(claims(user_id))))
    expect.unauthorized(ask(http, forge(without(claims(user_id), "sub"))))
    expect.unauthorized(ask(http, forge(without(claims(user_id), "user_id"))))


@pytest.mark.parametrize(
    "shape",
    [
        lambda user: {"userId": user.id},
        lambda user: {"id": user.id},
        lambda user: {"email": user.email},
        lambda user: {"uid": user.id, "email": user.email, "updateTo": "other@example.com"},
        lambda user: {"user": {"id": user.id, "email": user.email}},
        lambda user: {"session": {"userId": user.id}, "user": {"id": user.id}},
    ],
    ids=["userId", "id", "email", "change-e-mail link", "user.id", "session cookie"],
)
def test_a_mailed_link_is_no_login(
    http: httpx.Client, alice: User, shape: Callable[[User], dict[str, object]]
) -> None:
    expect.unauthorized(ask(http, forge(without(claims("") | shape(alice), "sub", "user_id"))))


@pytest.mark.parametrize(
    "unusable",
    [
        {"userId": "d4c816f6-260e-475d-813e-7bff10b5c4fe"},
        {"user_id": "a-private-name", "role": "a-private-role"},
    ],
    ids=["another claim", "no uuid"],
)
def test_a_signed_token_without_a_user_is_a_warning_with_claim_names_only(
    http: httpx.Client, service: Program, unusable: dict[str, str]
) -> None:
    content = without(claims(""), "sub", "user_id")
    token = forge(content | unusable | {"email": "private@example.com"})
    request_id = str(uuid4())
    response = http.get("/api/tasks", headers=bearer(token) | {"X-Request-ID": request_id})
    expect.unauthorized(response)
    records = eventually(lambda: service.records(request_id))
    warnings = [str(record) for record in records if is_warning(record)]
    assert len(warnings) == 1
    assert [name for name in (*unusable, "email", "exp") if name not in warnings[0]] == []
    secrets = [*unusable.values(), "private@example.com", token, *token.split(".")]
    assert [secret for secret in secrets if secret in service.output()] == []


def test_an_odd_claim_name_does_not_break_the_log(http: httpx.Client, service: Program) -> None:
    request_id = str(uuid4())
    token = forge(without(claims(""), "sub", "user_id") | {"\ud800": 1, '"\n{': 2, "\x1b[31m": 3})
    headers = bearer(token) | {"X-Request-ID": request_id}
    expect.unauthorized(http.get("/api/tasks", headers=headers))
    assert len(eventually(lambda: service.records(request_id))) == 1


def test_a_refused_token_is_no_stack_trace(http: httpx.Client, service: Program) -> None:
    request_id = str(uuid4())
    for token in ("rubbish", "a.b.c", sign(claims(str(uuid4()), exp=1)), forge(claims(["x"]))):
        headers = bearer(token) | {"X-Request-ID": request_id}
        expect.unauthorized(http.get("/api/tasks", headers=headers))
    assert http.get("/health").status_code == 200
    assert [record for record in service.records(request_id) if has_stack_trace(record)] == []


def test_users_see_their_own_tasks_only(alice: User, bob: User) -> None:
    alice.add("Hers")
    bob.add("His")
    assert [(task["title"], task["user_id"]) for task in alice.tasks()] == [("Hers", alice.id)]
    assert [(task["title"], task["user_id"]) for task in bob.tasks()] == [("His", bob.id)]
