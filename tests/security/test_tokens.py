"""Forged tokens and invalid claims are refused; see contract/test_identity.py for more."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.security.conftest import PrivateTask
from tests.support import expect
from tests.support.programs import find_program
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, part, sign, without
from tests.support.users import User

OTHER_ID = "e1b2c3d4-0000-4000-8000-000000000001"
JWK = {"kty": "oct", "k": "YXR0YWNrZXJz", "alg": "HS256", "use": "sig", "kid": "1"}
ALGORITHMS: list[object] = [
    *("none", "nOnE", " none", "no\0ne", "ｎｏｎｅ", "", "hs256", "HS-256", "*", "HS1", "HS512"),
    *("RS256", "PS256", "ES256", "dir", None, True, 0, [], {}, ["none", "HS256"]),
]
KEY_IDS = [
    *("../../../../dev/null", "/dev/null", "file:///dev/null", "\0", "*", "a" * 8000, "\ud800"),
    *("' UNION SELECT '' --", "$(id)", "http://127.0.0.1:1/key", "{{7*7}}", "%s%n", "none"),
]
OTHER_KEYS: list[dict[str, Any]] = [
    *({"jwk": JWK}, {"jwk": [JWK], "kid": "1"}, {"x5c": ["MIIB"]}, {"epk": JWK}),
]
CRITICAL = [["a"], ["exp"], ["jku", "kid"], [], "exp", None, [1], {}, ["b64"]]
INVALID_EXP = [
    *('"9999999999"', "[9999999999]", '{"$gt":0}', "-1" + "0" * 30, "0.999", "9" * 5000, "1e300"),
    *("9223372036854775808", f'"{"9" * 5000}"', "1e400", "NaN", "Infinity", "253402300800"),
]
INVALID_NBF = [
    *('"123"', "true", "[0]", "9999999999", "1e400", "NaN", "Infinity", "9" * 5000, "1" + "0" * 30),
]
INVALID_CLAIMS: list[Any] = [
    *([], [{}], "text", 42, 1.5, None, True, b"", b" ", b"{", b"{}{}", b"{'a':1}", b"\xff\xfe"),
    *(b"\x00", b"[" * 40_000, b'{"a":' * 8_000, b'"' + b"a" * 40_000),
]
LARGE = [
    *(forge({}, header, "") for header in (b"[" * 40_000, b'{"alg":' * 6_000, b"\xff" * 40_000)),
    *("a" * 60_000, "." * 60_000, "a." * 30_000, "a.b." + "c" * 60_000),
]


def invalid_ids(user: User) -> list[object]:
    """Values that resemble the id and are not its canonical form."""
    own = user.id
    return [
        *(own.replace("-", ""), own[:-1], f"\ufeff{own}", own.replace("-", "–"), "*", "%"),
        *(int(own.replace("-", ""), 16), [own], {"id": own}, user.email, f"{own}' OR '1'='1"),
        own.translate({ord("0"): "０", ord("1"): "１"}),
    ]


def with_member(user_id: str, name: str, value: str) -> str:
    """A token with this JSON text as the value of a claim."""
    members = {"sub": json.dumps(user_id), "exp": "9999999999"} | {name: value}
    text = ",".join(f'"{key}":{each}' for key, each in members.items())
    return forge(f"{{{text}}}".encode())


def altered(token: str) -> Iterator[str]:
    head, payload, signature = token.split(".")
    for at in range(0, len(token), 8):
        replacement = "A" if token[at] != "A" else "_"
        yield token[:at] + replacement + token[at + 1 :]
        yield token[:at] + token[at + 1 :]
        yield token[:at] + "A" + token[at:]
    for padding in ("=", "==", "%3D"):
        yield f"{head}.{payload}.{signature}{padding}"
        yield f"{head}.{payload}{padding}.{signature}"
    yield from (token + ".", token * 2, f"{token}.{token}", f".{token}", f"{head}..{payload}")
    yield from (f"{head}.{payload}.", f"{head}.{payload}", f"{payload}.{head}.{signature}")


ATTACKS: dict[str, Callable[[User], Iterable[str]]] = {
    "altered": lambda user: altered(sign(claims(user.id))),
    "algorithm": lambda user: (
        forge(claims(user.id), {"alg": algorithm}, secret)
        for algorithm in ALGORITHMS
        for secret in ("", SECRET)
    ),
    "key id": lambda user: (
        forge(claims(user.id), {"alg": "HS256", "kid": key_id}, secret)
        for key_id in KEY_IDS
        for secret in ("", "\0", key_id.encode(errors="replace").decode())
    ),
    "other key": lambda user: (
        forge(claims(user.id), {"alg": "HS256"} | header, secret)
        for header in OTHER_KEYS
        for secret in ("", "attackers", "YXR0YWNrZXJz")
    ),
    "crit": lambda user: (
        forge(claims(user.id), {"alg": "HS256", "crit": each, "a": 1, "exp": 1, "b64": False})
        for each in CRITICAL
    ),
    "large": lambda _: LARGE,
    "exp": lambda user: (with_member(user.id, "exp", each) for each in INVALID_EXP),
    "nbf": lambda user: (with_member(user.id, "nbf", each) for each in INVALID_NBF),
    "claims": lambda _: map(forge, INVALID_CLAIMS),
    "id": lambda user: (
        forge(without(claims(each), name))
        for each in invalid_ids(user)
        for name in ("sub", "user_id", "")
    ),
    "two ids": lambda user: (
        forge(claims(user.id, **{name: other}))
        for other in (None, "", 0, [], {}, OTHER_ID)
        for name in ("sub", "user_id")
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_invalid_token_is_401(private: PrivateTask, name: str) -> None:
    private.assert_refused(ATTACKS[name](private.user))


def test_valid_token_is_accepted(private: PrivateTask) -> None:
    own = private.user.id
    for header in (*OTHER_KEYS, {"kid": "/dev/null"}):
        private.assert_accepted(forge(claims(own), {"alg": "HS256"} | header))
    for exp in (in_seconds(60) + 0.5, in_seconds(10**9), 253_402_300_799):
        private.assert_accepted(forge(claims(own, exp=exp)))
    for nbf in (0, -1, in_seconds(-1) + 0.5):
        private.assert_accepted(forge(claims(own, nbf=nbf)))
    private.assert_accepted(forge(claims(own.upper(), user_id=own)))
    private.assert_accepted(sign(claims(own, more="a" * 30_000)))


def test_signature_belongs_to_one_token(private: PrivateTask, bob: User) -> None:
    head, own, signature = private.user.token.split(".")
    _, other, other_signature = bob.token.split(".")
    private.assert_refused([f"{head}.{other}.{signature}", f"{head}.{own}.{other_signature}"])


def test_repeated_claim_does_not_identify_another_user(private: PrivateTask, bob: User) -> None:
    own, other = f'"{private.user.id}"', f'"{bob.id}"'
    for name in ("sub", "user_id"):
        token = forge(f'{{"exp":9999999999,"{name}":{own},"{name}":{other}}}'.encode())
        response = bob.http.get("/api/tasks", headers=bearer(token))
        if response.status_code == 200:
            assert response.json() == {"tasks": []}
        else:
            expect.unauthorized(response)
    private.assert_refused([with_member(private.user.id, "user_id", f'{own},"user_id":{other}')])


def test_urls_of_keys_are_not_requested(private: PrivateTask) -> None:
    content = claims(private.user.id)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
        for header in ({"jku": url, "kid": "1"}, {"x5u": url}, {"iss": url}):
            private.assert_refused([forge(content, {"alg": "HS256"} | header, "attackers")])
            private.assert_accepted(forge(content, {"alg": "HS256"} | header))
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.slow
def test_rsa_key_of_an_attacker_is_not_used(private: PrivateTask, tmp_path: Path) -> None:
    file, content = tmp_path / "key.pem", claims(private.user.id)

    def openssl(*arguments: str, data: bytes = b"") -> bytes:
        command = [find_program("openssl"), *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    openssl("genrsa", "-out", str(file), "2048")
    public = openssl("rsa", "-in", str(file), "-pubout").decode()
    signed = f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(content)}"
    signature = openssl("dgst", "-sha256", "-sign", str(file), data=signed.encode())
    secrets = (public, public.strip())
    private.assert_refused(
        [f"{signed}.{part(signature)}", *(forge(content, secret=each) for each in secrets)]
    )
