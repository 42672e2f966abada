"""Forged tokens: whatever their header says, none of them opens a private route."""

import socket
from collections.abc import Iterator
from itertools import product

import pytest

from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.tokens import SECRET, claims, forge, sign
from tests.support.users import User
from tests.support.victim import Victim

GUESSES = ["", "secret", "a" * 53, SECRET[:-1], SECRET + "\n", SECRET.upper(), SECRET[::-1]]
NONES = ["".join(letters) for letters in product("nN", "oO", "nN", "eE")]
NONES += [" none", "none ", "no\0ne", "ｎｏｎｅ", ""]
DIGESTS = {"HS384": "sha384", "HS512": "sha512", "HS224": "sha224", "HS1": "sha1"}
OTHERS = ["RS256", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "A128KW", "dir", "RSA-OAEP"]
SPELLINGS = ["hs256", "Hs256", "HS256 ", " HS256", "HS-256", "HS256\0", "HS", "256", "ＨＳ256", "*"]
ODD_NAMES = [None, True, 0, 256, 1.5, [], ["HS256"], {}, {"alg": "HS256"}, ["none", "HS256"]]
KEY_IDS = [
    *("../../../../dev/null", "/dev/null", "file:///dev/null", "/proc/self/environ", "\0", "*"),
    *("' UNION SELECT '' --", "0'; DROP TABLE users; --", "`id`", "$(id)", "| id", "${7*7}"),
    *("http://127.0.0.1:1/key", "{{7*7}}", "%s%n", "a" * 8000, "\ud800", "..\\..\\nul", "none"),
]
JWK = {"kty": "oct", "k": "YXR0YWNrZXJz", "alg": "HS256", "use": "sig", "kid": "1"}


@pytest.fixture
def victim(alice: User, sql: Sql) -> Victim:
    return Victim(alice, sql)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A door at which nobody must call."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        yield door
        with pytest.raises(BlockingIOError):
            door.accept()


def headers(algorithms: list[object]) -> list[dict[str, object]]:
    return [{"alg": algorithm, "typ": "JWT"} for algorithm in algorithms]


def test_the_users_own_tokens_are_believed(victim: Victim) -> None:
    content = claims(victim.user.id)
    victim.opens_to(sign(content), forge(content), forge(content, {"alg": "HS256"}))


@pytest.mark.parametrize("algorithm", NONES)
def test_a_token_that_says_it_is_not_signed_is_refused(victim: Victim, algorithm: str) -> None:
    content = claims(victim.user.id)
    for secret in ("", SECRET):
        head, payload, signature = forge(content, {"alg": algorithm}, secret).split(".")
        unsigned = f"{head}.{payload}"
        victim.is_safe_from(f"{unsigned}.{signature}", f"{unsigned}.", unsigned)


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_another_hash_with_the_right_secret_is_refused(victim: Victim, algorithm: str) -> None:
    content, digest = claims(victim.user.id), DIGESTS[algorithm]
    victim.is_safe_from(
        forge(content, {"alg": algorithm}, digest=digest),
        forge(content, {"alg": "HS256"}, digest=digest),
        forge(content, {"alg": algorithm}),
    )


def test_another_algorithm_with_the_secret_as_its_key_is_refused(victim: Victim) -> None:
    content = claims(victim.user.id)
    for header in headers([*OTHERS, *SPELLINGS, *ODD_NAMES]):
        victim.is_safe_from(forge(content, header))


@pytest.mark.parametrize("secret", GUESSES, ids=range(len(GUESSES)))
def test_another_secret_is_refused(victim: Victim, secret: str) -> None:
    victim.is_safe_from(forge(claims(victim.user.id), secret=secret))


def test_what_the_header_says_of_keys_is_not_followed(
    victim: Victim, listener: socket.socket
) -> None:
    content = claims(victim.user.id)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
    for more in (
        {"jwk": JWK},
        {"jwk": [JWK], "kid": "1"},
        {"jku": url},
        {"jku": url, "kid": "1"},
        {"x5u": url},
        {"x5c": ["MIIB"], "x5t": "YQ"},
        {"iss": url},
        {"url": url, "cty": "JWT"},
        {"epk": JWK, "enc": "A128GCM"},
    ):
        for secret in ("", "attackers", "YXR0YWNrZXJz"):
            victim.is_safe_from(forge(content, {"alg": "HS256"} | more, secret))
        victim.opens_to(forge(content, {"alg": "HS256"} | more))


@pytest.mark.parametrize("key_id", KEY_IDS, ids=range(len(KEY_IDS)))
def test_a_key_id_chooses_no_key(victim: Victim, key_id: str) -> None:
    content, header = claims(victim.user.id), {"alg": "HS256", "kid": key_id}
    for secret in ("", "\0", key_id.encode(errors="replace").decode()):
        victim.is_safe_from(forge(content, header, secret))
    victim.opens_to(forge(content, header))


@pytest.mark.parametrize("critical", [["a"], ["exp"], ["jku", "kid"], [], "exp", None, [1], {}])
def test_a_critical_extension_that_we_do_not_know_is_refused(
    victim: Victim, critical: object
) -> None:
    header = {"alg": "HS256", "crit": critical, "a": 1, "exp": 1}
    victim.is_safe_from(forge(claims(victim.user.id), header))
    victim.is_safe_from(forge(claims(victim.user.id), header, ""))


def test_a_payload_that_is_not_encoded_is_refused(victim: Victim) -> None:
    head, payload, _ = forge(claims(victim.user.id)).split(".")
    detached = {"alg": "HS256", "b64": False, "crit": ["b64"]}
    victim.is_safe_from(
        forge(claims(victim.user.id), detached),
        forge(b"", detached),
        f"{head}.{payload}",
        f"{head}..{payload}",
    )


def test_none_of_it_was_an_accident(service: Program) -> None:
    assert [record for record in service.records() if has_stack_trace(record)] == []
