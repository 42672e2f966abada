"""Who is calling: private routes, the Authorization header, its token, the user id in it."""

import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from core.operation import Operation
from core.plugin import load
from tests.support import expect, raw_http
from tests.support.program import Program, eventually, is_warning
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, sign
from tests.support.users import User

PLUGINS = load(f"plugins.{name}" for name in ("auth", "tasks", "health", "docs"))
OPERATIONS = [operation for plugin in PLUGINS for operation in plugin.operations]
ID = "e1b2c3d4-0000-4000-8000-000000000001"
ATTACKERS = "the-secret-of-an-attacker-which-is-long-enough-too"
ABSENT = "(absent)"
NO_ID = {"sub": ABSENT, "user_id": ABSENT}


class Token(NamedTuple):
    """How a token differs from a valid one."""

    claims: dict[str, Any] = {}  # noqa: RUF012
    header: object = None
    secret: str = SECRET
    digest: str = "sha256"

    def of(self, user_id: object) -> str:
        content = json.dumps(claims(user_id) | self.claims).replace("USER", str(user_id))
        given = json.loads(content)
        given = {name: value for name, value in given.items() if value != ABSENT}
        return forge(given, self.header, self.secret, self.digest)

    def __str__(self) -> str:
        return ascii(tuple(self))[1:60]


REFUSED_HEADERS = [
    *("", "Bearer", "Bearer ", "{token}", "Basic {token}", "Token {token}", "Bearer: {token}"),
    *("Bearer={token}", "Bearer{token}", "Bearer {token} {token}", "Bearer {token},"),
    *("Bearer {token}, Bearer {token}", 'Bearer "{token}"', "Bearer null", "Bearer undefined"),
    *("Bearer ....", "Bearer \xe9{token}"),
]
TWO_HEADERS = {
    "two_headers": ("Bearer {token}", "Bearer {token}"),
    "a_good_and_a_bad_header": ("Bearer {token}", "Basic YTpi"),
    "two_headers, the bad one first": ("Basic YTpi", "Bearer {token}"),
}
ALGORITHMS: list[object] = [
    *("none", "None", "NONE", "", "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256", "EdDSA"),
    *(None, 1, ["HS256"], {"alg": "HS256"}),
]
NOT_HEADERS: list[object] = [[], "HS256", 42, b"null", b"", b"{", b"\xff\xfe"]
NOT_TIMES: list[object] = [None, "", "tomorrow", [], {}, float("inf"), float("-inf")]
REFUSED_TOKENS = [
    *(Token(header={"alg": each, "typ": "JWT"}) for each in ALGORITHMS),
    *(Token(header={"alg": f"HS{size}"}, digest=f"sha{size}") for size in (384, 512)),
    *(Token(digest="sha512"), Token(header={"typ": "JWT"})),
    *(Token(secret=each) for each in (ATTACKERS, "", SECRET + " ", SECRET[:-1], SECRET.upper())),
    *(Token(header=each) for each in NOT_HEADERS),
    *(Token({"exp": each}) for each in (ABSENT, True, -1, 0, 1, float("nan"), *NOT_TIMES)),
    *(Token({"nbf": each}) for each in (10**11, *NOT_TIMES)),
    *(Token({name: each}) for name in ("sub", "user_id") for each in (ID, "rubbish")),
    *(Token(NO_ID | {name: "USER"}) for name in ("userId", "id", "email")),  # Better Auth's links
    Token(NO_ID | {"uid": "USER", "email": "a@example.com", "updateTo": "other@example.com"}),
    Token(NO_ID | {"session": {"userId": "USER"}, "user": {"id": "USER"}}),
]
REFUSED_IDS: list[object] = [
    *("", "42", 42, None, True, [], {}, "not-a-uuid", "somebody@example.com"),
    *(f"{{{ID}}}", f"urn:uuid:{ID}", f"{ID}\n", f" {ID}", f"{ID[:-1]}\0", f"{ID[:-1]}\ud800"),
]
ACCEPTED_TOKENS = [
    *(Token(), Token({"sub": ABSENT}), Token({"user_id": ABSENT}), Token({"nbf": 1_700_000_000})),
    *(Token({"iat": each}) for each in (0, 10**11, "yesterday", None)),
    Token({"iss": "http://localhost:3000", "aud": "http://localhost:3000"}),
    Token({"aud": ["http://localhost:3000", "https://todo.example.com"], "iss": "another"}),
    Token({"jti": "d4c816f6", "azp": "frontend", "scope": "everything"}),
    *(Token(header={"alg": "HS256"}), Token(header={"alg": "HS256", "typ": "JWT", "kid": "7"})),
]
UNUSABLE = [
    {"userId": "d4c816f6-260e-475d-813e-7bff10b5c4fe"},
    {"user_id": "a-private-name", "role": "a-private-role"},
    {"\ud800": "first-value", '"\n{': "second-value", "\x1b[31m": "third-value"},
]


def get(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/api/tasks", headers=bearer(token))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_private_route_is_401_before_anything_else(
    http: httpx.Client, operation: Operation
) -> None:
    path = re.sub(r"{\w+}", "not-an-id", operation.path)
    for headers in ({}, bearer("rubbish")):
        response = http.request(operation.method, path, headers=headers, content=b"{{{{")
        if operation.public:
            assert response.status_code != 401
        else:
            expect.unauthorized(response)


@pytest.mark.parametrize("form", REFUSED_HEADERS)
def test_header_of_another_form_is_401(service: Program, alice: User, form: str) -> None:
    header = {"Authorization": form.format(token=alice.token)}
    expect.unauthorized(raw_http.send(service.port, "GET", "/api/tasks", header))


@pytest.mark.parametrize("values", TWO_HEADERS.values(), ids=TWO_HEADERS)
def test_second_header_is_401(http: httpx.Client, alice: User, values: tuple[str, str]) -> None:
    headers = [("Authorization", value.format(token=alice.token)) for value in values]
    expect.unauthorized(http.get("/api/tasks", headers=headers))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_scheme_is_case_insensitive(http: httpx.Client, alice: User, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {alice.token}"}
    assert http.get("/api/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("token", REFUSED_TOKENS, ids=str)
def test_invalid_token_is_401(http: httpx.Client, alice: User, token: Token) -> None:
    expect.unauthorized(get(http, token.of(alice.id)))


@pytest.mark.parametrize("user_id", REFUSED_IDS, ids=ascii)
def test_user_id_that_is_not_a_canonical_uuid_is_401(http: httpx.Client, user_id: object) -> None:
    for changes in ({}, {"sub": ABSENT}, {"user_id": ABSENT}):
        expect.unauthorized(get(http, Token(changes).of(user_id)))


@pytest.mark.parametrize("token", ACCEPTED_TOKENS, ids=str)
def test_nothing_else_in_a_token_is_judged(http: httpx.Client, alice: User, token: Token) -> None:
    task = alice.add()
    response = get(http, token.of(alice.id))
    assert (response.status_code, response.json()) == (200, {"tasks": [task]})


def test_token_is_valid_from_nbf_until_exp(http: httpx.Client, alice: User) -> None:
    moment = in_seconds(2)
    ends, begins = sign(claims(alice.id, exp=moment)), sign(claims(alice.id, nbf=moment))
    assert [get(http, ends).status_code for _ in range(2)] == [200, 200]
    expect.unauthorized(get(http, begins))
    assert eventually(lambda: time.time() >= moment)
    expect.unauthorized(get(http, ends))
    assert get(http, begins).status_code == 200


@pytest.mark.parametrize("unusable", UNUSABLE, ids=ascii)
def test_signed_token_without_a_user_is_logged_with_claim_names_only(
    http: httpx.Client, service: Program, unusable: dict[str, str]
) -> None:
    content, request_id = {"exp": in_seconds(60), "email": "private@example.com"}, uuid4().hex
    token = forge(content | unusable)
    headers = bearer(token) | {"X-Request-ID": request_id}
    expect.unauthorized(http.get("/api/tasks", headers=headers))
    [record] = service.records(request_id)
    assert is_warning(record)
    for name in (*unusable, *content):
        assert name in record["message"] or not name.isprintable()
    secrets = [*unusable.values(), "private@example.com", token, *token.split(".")]
    assert [secret for secret in secrets if secret in str(record)] == []


def test_alternating_tokens_are_not_mixed_up(new_user: Callable[[], User]) -> None:
    users = [new_user() for _ in range(10)]
    tasks = {user.id: user.add(user.id) for user in users}
    for user in users * 3:
        assert user.tasks() == [tasks[user.id]]
