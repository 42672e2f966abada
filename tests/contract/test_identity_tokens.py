"""Which tokens are believed: signature, algorithm and times."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import eventually
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, sign, without
from tests.support.users import User

ATTACKERS = "the-secret-of-an-attacker-which-is-long-enough-too"


def ask(http: httpx.Client, token: str) -> httpx.Response:
    return http.get("/api/tasks", headers=bearer(token))


def test_a_token_of_the_frontend_is_believed(http: httpx.Client, alice: User) -> None:
    assert ask(http, sign(claims(alice.id))).status_code == 200


def test_a_token_of_another_secret_is_refused(http: httpx.Client, alice: User) -> None:
    expect.unauthorized(ask(http, sign(claims(alice.id), ATTACKERS)))


@pytest.mark.parametrize("secret", ["", SECRET + " ", SECRET[:-1], SECRET.upper()])
def test_a_token_of_a_similar_secret_is_refused(
    http: httpx.Client, alice: User, secret: str
) -> None:
    expect.unauthorized(ask(http, forge(claims(alice.id), secret=secret)))


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("HS384", "sha384"), ("HS512", "sha512"), ("HS384", "sha256"), ("HS256", "sha512")]
    + [
        (name, "sha256")
        for name in ("none", "None", "NONE", "", "hs256", "HS256 ", "RS256", "ES256", "EdDSA")
    ]
    + [(name, "sha256") for name in (None, 1, ["HS256"], {"alg": "HS256"})],
)
def test_any_algorithm_but_hs256_is_refused(
    http: httpx.Client, alice: User, algorithm: object, digest: str
) -> None:
    header = {"alg": algorithm, "typ": "JWT"}
    expect.unauthorized(ask(http, forge(claims(alice.id), header, digest=digest)))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
def test_a_token_without_a_signature_is_refused(
    http: httpx.Client, alice: User, algorithm: str
) -> None:
    signed = forge(claims(alice.id), {"alg": algorithm})
    unsigned = signed.rpartition(".")[0]
    expect.unauthorized(ask(http, unsigned))
    expect.unauthorized(ask(http, unsigned + "."))


def test_a_token_that_names_no_algorithm_is_refused(http: httpx.Client, alice: User) -> None:
    expect.unauthorized(ask(http, forge(claims(alice.id), {"typ": "JWT"})))


@pytest.mark.parametrize("header", [{"alg": "HS256"}, {"alg": "HS256", "typ": "JWT", "kid": "7"}])
def test_typ_and_kid_are_not_required(
    http: httpx.Client, alice: User, header: dict[str, str]
) -> None:
    assert ask(http, forge(claims(alice.id), header)).status_code == 200


def test_keys_that_a_token_brings_along_give_nothing(http: httpx.Client, alice: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
        key = {"kty": "oct", "k": "dGhlLXNlY3JldC1vZi1hbi1hdHRhY2tlcg", "alg": "HS256"}
        for extra in ({"jwk": key}, {"jku": url}, {"x5u": url, "x5c": ["MII"]}, {"crit": ["jku"]}):
            header = {"alg": "HS256"} | extra
            expect.unauthorized(ask(http, forge(claims(alice.id), header, secret=ATTACKERS)))
            assert ask(http, forge(claims(alice.id), header)).status_code in {200, 401}
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_changed_token_is_refused(http: httpx.Client, alice: User, bob: User) -> None:
    head, content, signature = sign(claims(alice.id)).split(".")
    assert ask(http, f"{head}.{content}.{signature}").status_code == 200
    other = sign(claims(bob.id)).split(".")[1]
    for token in (
        f"{head}.{other}.{signature}",
        f"{head}.{content}.{signature[:-4]}",
        f"{head}.{content}.{signature[::-1]}",
        f"{head}.{content}",
        f"{head}..{signature}",
        f".{content}.{signature}",
        f"{head}.{content}.{signature}.{signature}",
        f"{head}.{content}.{signature}.",
    ):
        expect.unauthorized(ask(http, token))


@pytest.mark.parametrize(
    "content",
    [[], "text", 42, None, True, b"", b"{", b"\xff\xfe", b'{"sub":', b"[" * 3000],
)
def test_a_signed_token_that_holds_no_claims_is_refused(
    http: httpx.Client, content: object
) -> None:
    expect.unauthorized(ask(http, forge(content)))


@pytest.mark.parametrize("header", [[], "HS256", 42, None, b"", b"{", b"\xff\xfe"])
def test_a_token_whose_header_is_no_object_is_refused(
    http: httpx.Client, alice: User, header: object
) -> None:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    expect.unauthorized(ask(http, forge(claims(alice.id), raw)))


def test_a_very_long_token_is_refused_and_no_accident(http: httpx.Client) -> None:
    expect.unauthorized(ask(http, "a" * 20_000))


def test_exp_is_required(http: httpx.Client, alice: User) -> None:
    expect.unauthorized(ask(http, sign(without(claims(alice.id), "exp"))))


@pytest.mark.parametrize("ago", [0, 1, 2, 30, 3600, 10**9])
def test_an_expired_token_is_refused_without_leeway(
    http: httpx.Client, alice: User, ago: int
) -> None:
    expect.unauthorized(ask(http, sign(claims(alice.id, exp=in_seconds(-ago)))))


def test_a_token_that_was_good_is_refused_when_it_expires(http: httpx.Client, alice: User) -> None:
    end = in_seconds(2)
    token = sign(claims(alice.id, exp=end))
    assert ask(http, token).status_code == 200
    assert ask(http, token).status_code == 200
    assert eventually(lambda: time.time() >= end)
    expect.unauthorized(ask(http, token))


@pytest.mark.parametrize(
    "exp", [None, True, -1, 0, "", "tomorrow", [], {}, float("nan"), float("inf"), -float("inf")]
)
def test_an_exp_that_is_no_time_to_come_is_refused(
    http: httpx.Client, alice: User, exp: object
) -> None:
    expect.unauthorized(ask(http, forge(claims(alice.id, exp=exp))))


@pytest.mark.parametrize("exp", [10**30, 1e300])
def test_an_exp_beyond_all_time_is_no_accident(
    http: httpx.Client, alice: User, exp: object
) -> None:
    assert ask(http, forge(claims(alice.id, exp=exp))).status_code in {200, 401}


@pytest.mark.parametrize("nbf", [in_seconds(3600), 10**11, "tomorrow", [], float("inf")])
def test_a_token_is_refused_before_its_nbf(http: httpx.Client, alice: User, nbf: object) -> None:
    expect.unauthorized(ask(http, forge(claims(alice.id, nbf=nbf))))


def test_a_token_is_good_after_its_nbf(http: httpx.Client, alice: User) -> None:
    assert ask(http, sign(claims(alice.id, nbf=in_seconds(-1)))).status_code == 200


def test_a_token_becomes_good_at_its_nbf(http: httpx.Client, alice: User) -> None:
    begin = in_seconds(2)
    token = sign(claims(alice.id, nbf=begin))
    expect.unauthorized(ask(http, token))
    assert eventually(lambda: time.time() >= begin)
    assert ask(http, token).status_code == 200


@pytest.mark.parametrize("iat", [0, in_seconds(3600), 10**11, "yesterday", None])
def test_iat_is_not_judged(http: httpx.Client, alice: User, iat: object) -> None:
    assert ask(http, forge(claims(alice.id, iat=iat))).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "http://localhost:3000", "aud": "http://localhost:3000"},
        {"aud": ["http://localhost:3000", "https://todo.example.com"]},
        {"iss": "somebody else"},
        {"jti": str(uuid4()), "azp": "frontend", "scope": "everything"},
    ],
)
def test_aud_iss_and_other_claims_are_not_judged(
    http: httpx.Client, alice: User, more: dict[str, Any]
) -> None:
    assert ask(http, sign(claims(alice.id, **more))).status_code == 200


def test_the_same_token_works_again_and_again(alice: User) -> None:
    assert {alice.get("/api/tasks").status_code for _ in range(20)} == {200}


def test_users_are_not_mixed_up_when_their_tokens_alternate(
    new_user: Callable[[], User],
) -> None:
    crowd = [new_user() for _ in range(10)]
    for user in crowd:
        user.add(user.id)
    for user in crowd * 3:
        assert [task["title"] for task in user.tasks()] == [user.id]
