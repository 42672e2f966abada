"""Which tokens are valid: the signature, the algorithm, the times and the user id."""

import json
import socket
import time
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support import expect
from tests.support.program import eventually
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, sign
from tests.support.users import User

ID = "e1b2c3d4-0000-4000-8000-000000000001"
ATTACKERS = "the-secret-of-an-attacker-which-is-long-enough-too"
ABSENT = "(absent)"


class Token(NamedTuple):
    """How a token differs from a valid one."""

    claims: dict[str, Any] = {}  # noqa: RUF012
    header: object = None
    secret: str = SECRET
    digest: str = "sha256"

    def of(self, user_id: object) -> str:
        content = claims(user_id) | self.claims
        given = {name: value for name, value in content.items() if value != ABSENT}
        return forge(given, self.header, self.secret, self.digest)

    def __str__(self) -> str:
        return ascii(tuple(self))[1:60]


ALGORITHMS: list[object] = [
    *("none", "None", "NONE", "", "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256", "EdDSA"),
    *(None, 1, ["HS256"], {"alg": "HS256"}),
]
REFUSED = [
    *(Token(header={"alg": each, "typ": "JWT"}) for each in ALGORITHMS),
    *(Token(header={"alg": f"HS{size}"}, digest=f"sha{size}") for size in (384, 512)),
    Token(digest="sha512"),
    *(Token(secret=each) for each in (ATTACKERS, "", SECRET + " ", SECRET[:-1], SECRET.upper())),
    *(Token(header=each) for each in ([], "HS256", 42, b"null", b"", b"{", b"\xff\xfe")),
    Token(header={"typ": "JWT"}),
    *(Token({"exp": each}) for each in (ABSENT, None, True, -1, 0, "", "tomorrow", [], {})),
    *(Token({"exp": float(each)}) for each in ("nan", "inf", "-inf")),
    *(Token({"nbf": each}) for each in (10**11, "tomorrow", [], float("inf"))),
    *(Token({name: each}) for name in ("sub", "user_id") for each in (ID, "rubbish")),
]
REFUSED_IDS: list[object] = [
    *("", "42", 42, None, True, [], {}, "not-a-uuid", "somebody@example.com"),
    *(f"{{{ID}}}", f"urn:uuid:{ID}", f"{ID}\n", f" {ID}", f"{ID[:-1]}\0", f"{ID[:-1]}\ud800"),
]
ACCEPTED = [
    *(Token(), Token({"sub": ABSENT}), Token({"user_id": ABSENT}), Token({"nbf": 1_700_000_000})),
    *(Token({"iat": each}) for each in (0, 10**11, "yesterday", None)),
    Token({"iss": "http://localhost:3000", "aud": "http://localhost:3000"}),
    Token({"aud": ["http://localhost:3000", "https://todo.example.com"], "iss": "another"}),
    Token({"jti": "d4c816f6", "azp": "frontend", "scope": "everything"}),
    *(Token(header={"alg": "HS256"}), Token(header={"alg": "HS256", "typ": "JWT", "kid": "7"})),
]
MAILED_LINKS = [  # of Better Auth, and its session cookie
    '{"userId": "ID"}',
    '{"id": "ID"}',
    '{"email": "EMAIL"}',
    '{"uid": "ID", "email": "EMAIL", "updateTo": "other@example.com"}',
    '{"user": {"id": "ID", "email": "EMAIL"}}',
    '{"session": {"userId": "ID"}, "user": {"id": "ID"}}',
]


def get(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/api/tasks", headers=bearer(token))


@pytest.mark.parametrize("token", REFUSED, ids=str)
def test_invalid_token_is_refused(http: httpx.Client, alice: User, token: Token) -> None:
    expect.unauthorized(get(http, token.of(alice.id)))


@pytest.mark.parametrize("token", ACCEPTED, ids=str)
def test_nothing_else_in_a_token_is_judged(http: httpx.Client, alice: User, token: Token) -> None:
    task = alice.add()
    response = get(http, token.of(alice.id))
    assert (response.status_code, response.json()) == (200, {"tasks": [task]})


@pytest.mark.parametrize("user_id", REFUSED_IDS, ids=ascii)
def test_user_id_that_is_not_a_canonical_uuid_is_refused(
    http: httpx.Client, user_id: object
) -> None:
    for changes in ({}, {"sub": ABSENT}, {"user_id": ABSENT}):
        expect.unauthorized(get(http, Token(changes).of(user_id)))


@pytest.mark.parametrize("content", MAILED_LINKS)
def test_token_of_a_mailed_link_is_refused(http: httpx.Client, alice: User, content: str) -> None:
    found = json.loads(content.replace("ID", alice.id).replace("EMAIL", alice.email))
    expect.unauthorized(get(http, forge(found | {"exp": in_seconds(3600)})))


@pytest.mark.parametrize(
    "payload",
    [[], "text", 42, None, True, b"", b"{", b"\xff\xfe", b'{"sub":', b"[" * 3000],
    ids=lambda payload: repr(payload)[:20],
)
def test_payload_that_is_not_an_object_is_refused(http: httpx.Client, payload: object) -> None:
    expect.unauthorized(get(http, forge(payload)))


@pytest.mark.parametrize("algorithm", ["HS256", "none", "None"])
def test_unsigned_token_is_refused(http: httpx.Client, alice: User, algorithm: str) -> None:
    unsigned = Token(header={"alg": algorithm}).of(alice.id).rpartition(".")[0]
    expect.unauthorized(get(http, unsigned))
    expect.unauthorized(get(http, unsigned + "."))


def test_altered_token_is_refused(http: httpx.Client, alice: User, bob: User) -> None:
    head, payload, signature = sign(claims(alice.id)).split(".")
    other = sign(claims(bob.id)).split(".")[1]
    assert get(http, f"{head}.{payload}.{signature}").status_code == 200
    for token in (
        *(f"{head}.{other}.{signature}", f"{head}.{payload}.{signature[:-4]}"),
        *(f"{head}.{payload}.{signature[::-1]}", f"{head}..{signature}"),
        *(f".{payload}.{signature}", f"{head}.{payload}.{signature}.{signature}"),
        *(f"{head}.{payload}.{signature}.", "a" * 20_000),
    ):
        expect.unauthorized(get(http, token))


def test_key_in_the_token_header_is_not_used(http: httpx.Client, alice: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
        key = {"kty": "oct", "k": "dGhlLXNlY3JldC1vZi1hbi1hdHRhY2tlcg", "alg": "HS256"}
        for extra in ({"jwk": key}, {"jku": url}, {"x5u": url, "x5c": ["MII"]}, {"crit": ["jku"]}):
            header = {"alg": "HS256"} | extra
            forged = Token(header=header, secret=ATTACKERS)
            expect.unauthorized(get(http, forged.of(alice.id)))
            assert get(http, Token(header=header).of(alice.id)).status_code in {200, 401}
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("exp", [10**30, 1e300])
def test_exp_beyond_any_date_is_accepted_or_refused(
    http: httpx.Client, alice: User, exp: float
) -> None:
    assert get(http, Token({"exp": exp}).of(alice.id)).status_code in {200, 401}


@pytest.mark.parametrize("ago", [0, 1, 2, 30, 3600, 10**9])
def test_expired_token_is_refused_without_leeway(http: httpx.Client, alice: User, ago: int) -> None:
    expect.unauthorized(get(http, sign(claims(alice.id, exp=in_seconds(-ago)))))


def test_token_is_valid_from_nbf_until_exp(http: httpx.Client, alice: User) -> None:
    moment = in_seconds(2)
    ends, begins = sign(claims(alice.id, exp=moment)), sign(claims(alice.id, nbf=moment))
    assert [get(http, ends).status_code for _ in range(2)] == [200, 200]
    expect.unauthorized(get(http, begins))
    assert eventually(lambda: time.time() >= moment)
    expect.unauthorized(get(http, ends))
    assert get(http, begins).status_code == 200
