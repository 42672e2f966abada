"""Forged tokens and invalid claims: 401 on every private route."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.security.private_task import PrivateTask
from tests.support.programs import find_program
from tests.support.tokens import SECRET, claims, forge, in_seconds, part, sign, without
from tests.support.users import User

OTHER_ID = "e1b2c3d4-0000-4000-8000-000000000001"
JWK = {"kty": "oct", "k": "YXR0YWNrZXJz", "alg": "HS256", "use": "sig", "kid": "1"}
ALGORITHMS = [
    *("none", "NONE", "nOnE", " none", "no\0ne", "ｎｏｎｅ", "", "hs256", "HS256 ", "HS-256", "*"),
    *("RS256", "RS512", "PS256", "ES256", "EdDSA", "A128KW", "dir", "HS384", "HS512", "HS1"),
    *(None, True, 0, 256, [], ["HS256"], {}, {"alg": "HS256"}, ["none", "HS256"]),
]
KEY_IDS = [
    *("../../../../dev/null", "/dev/null", "file:///dev/null", "\0", "*", "a" * 8000, "\ud800"),
    *("' UNION SELECT '' --", "$(id)", "http://127.0.0.1:1/key", "{{7*7}}", "%s%n", "none"),
]
INVALID_EXP = [
    *("null", "true", '"tomorrow"', '"9999999999"', "[9999999999]", '{"$gt":0}', "0", "-1"),
    *("-1" + "0" * 30, "0.999", "9223372036854775808", "9" * 5000, f'"{"9" * 5000}"', "1e300"),
    *("1e400", "-1e400", "NaN", "Infinity", "-Infinity", "253402300800"),
]
INVALID_NBF = [
    *('"123"', "true", '"tomorrow"', "[0]", "{}", "9999999999", '"9999999999"', "1e400", "NaN"),
    *("Infinity", "9" * 5000, "1" + "0" * 30),
]
NO_CLAIMS: list[Any] = [
    *([], [{}], "text", 42, 1.5, None, True, b"", b" ", b"{", b"{}{}", b"{'a':1}", b"\xff\xfe"),
    *(b"\x00", b"[" * 40_000, b'{"a":' * 8_000, b'"' + b"a" * 40_000),
]


def invalid_ids(user_id: str, email: str) -> list[object]:
    """Values that resemble the id and are not its canonical form."""
    plain = user_id.replace("-", "")
    return [
        *(plain, f"{{{user_id}}}", f"urn:uuid:{user_id}", user_id[:-1], f" {user_id}", "42"),
        *(f"{user_id}\n", f"{user_id}\0", f"\ufeff{user_id}", user_id.replace("-", "–"), ""),
        *(int(plain, 16), [user_id], {"id": user_id}, True, None, "\ud800", email, "*", "%"),
        *(f"{user_id}' OR '1'='1", user_id.translate({ord("0"): "０", ord("1"): "１"})),
    ]


def without_identity(user: User) -> list[dict[str, object]]:
    """Claims of tokens that Better Auth signs with the same secret and that are no log-ins."""
    own = user.id
    return [
        {"email": user.email},
        {"email": user.email, "requestType": "email-verification"},
        {"email": user.email, "updateTo": "a@b.c", "requestType": "change-email"},
        {"userId": own, "email": user.email},
        {"id": own, "uid": own, "user": own, "USER_ID": own},
        {"user": {"id": own, "sub": own, "email": user.email}},
        {"session": {"userId": own, "token": "a"}, "user": {"id": own}},
        {"sub ": own, " sub": own, "Sub": own, "ｓub": own},
        {"sub.id": own, "sub": {"sub": own}, "user_id": [own]},
        {"act": {"sub": own}, "azp": own, "aud": own, "jti": own},
    ]


def with_member(user_id: str, name: str, value: str) -> str:
    """A token with this JSON text as the value of a claim."""
    members = {"sub": json.dumps(user_id), "exp": "9999999999"} | {name: value}
    text = ",".join(f'"{key}":{each}' for key, each in members.items())
    return forge(f"{{{text}}}".encode())


def altered(token: str) -> Iterator[str]:
    head, payload, signature = token.split(".")
    for at in range(0, len(token), 4):
        replacement = "A" if token[at] != "A" else "_"
        yield token[:at] + replacement + token[at + 1 :]
        yield token[:at] + token[at + 1 :]
        yield token[:at] + "A" + token[at:]
    for padding in ("=", "==", "%3D"):
        yield f"{head}.{payload}.{signature}{padding}"
        yield f"{head}.{payload}{padding}.{signature}"
    yield from (token + ".", token * 2, f"{token}.{token}", f".{token}", f"{head}..{payload}")
    yield from (f"{head}.{payload}.", f"{head}.{payload}", f"{payload}.{head}.{signature}")


def of_other_algorithms(content: Any) -> Iterator[str]:
    for algorithm in ALGORITHMS:
        for secret in ("", SECRET):
            yield forge(content, {"alg": algorithm, "typ": "JWT"}, secret)
    for digest in ("sha1", "sha384", "sha512"):
        yield forge(content, {"alg": "HS256"}, digest=digest)


def of_other_keys(content: Any) -> Iterator[str]:
    for secret in ("", "secret", SECRET[:-1], SECRET + "\n", SECRET.upper(), SECRET[::-1]):
        yield forge(content, secret=secret)
    for key_id in KEY_IDS:
        for secret in ("", "\0", key_id.encode(errors="replace").decode()):
            yield forge(content, {"alg": "HS256", "kid": key_id}, secret)
    for more in ({"jwk": JWK}, {"jwk": [JWK], "kid": "1"}, {"x5c": ["MIIB"]}, {"epk": JWK}):
        for secret in ("", "attackers", "YXR0YWNrZXJz"):
            yield forge(content, {"alg": "HS256"} | more, secret)


def with_critical_extensions(content: Any) -> Iterator[str]:
    for critical in (["a"], ["exp"], ["jku", "kid"], [], "exp", None, [1], {}, ["b64"]):
        yield forge(content, {"alg": "HS256", "crit": critical, "a": 1, "exp": 1, "b64": False})


def bombs(content: Any) -> Iterator[str]:
    for header in (b"[" * 40_000, b'{"alg":' * 6_000, b"\xff" * 40_000):
        yield forge(content, header, "")
    yield from ("a" * 60_000, "." * 60_000, "a." * 30_000, "a.b." + "c" * 60_000)


ATTACKS: dict[str, Callable[[User], Iterable[str]]] = {
    "altered": lambda user: altered(sign(claims(user.id))),
    "other algorithms": lambda user: of_other_algorithms(claims(user.id)),
    "other keys": lambda user: of_other_keys(claims(user.id)),
    "critical extensions": lambda user: with_critical_extensions(claims(user.id)),
    "bombs": lambda user: bombs(claims(user.id)),
    "exp": lambda user: (with_member(user.id, "exp", each) for each in INVALID_EXP),
    "nbf": lambda user: (with_member(user.id, "nbf", each) for each in INVALID_NBF),
    "expired": lambda user: (
        forge(claims(user.id, exp=in_seconds(-ago))) for ago in (0, 1, 60, 10**9)
    ),
    "without exp": lambda user: [forge(without(claims(user.id), "exp"))],
    "no claims": lambda user: map(forge, NO_CLAIMS),
    "invalid ids": lambda user: (
        forge(without(claims(each), name))
        for each in invalid_ids(user.id, user.email)
        for name in ("sub", "user_id", "")
    ),
    "two ids": lambda user: (
        forge(claims(user.id, **{name: other}))
        for other in (None, "", 0, [], {}, "x", OTHER_ID)
        for name in ("sub", "user_id")
    ),
    "no identity": lambda user: (
        forge({"iat": in_seconds(-1), "exp": in_seconds(3600)} | each)
        for each in without_identity(user)
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_invalid_tokens_are_refused(
    private: PrivateTask, name: str, figure: Callable[[str, object], None]
) -> None:
    private.assert_refused(*ATTACKS[name](private.user))
    figure(f"invalid tokens ({name}), requests refused", private.requests)


def test_valid_tokens_are_accepted(private: PrivateTask) -> None:
    own = private.user.id
    content = claims(own)
    private.assert_accepted(sign(content), forge(content, {"alg": "HS256"}))
    for exp in (in_seconds(60), time.time() + 60.5, in_seconds(10**9), 253_402_300_799):
        private.assert_accepted(forge(claims(own, exp=exp)))
    for nbf in (0, -1, in_seconds(-60), time.time() - 0.5):
        private.assert_accepted(forge(claims(own, nbf=nbf)))
    for header in ({"jwk": JWK}, {"kid": "/dev/null"}, {"x5c": ["MIIB"]}, {"epk": JWK}):
        private.assert_accepted(forge(content, {"alg": "HS256"} | header))
    private.assert_accepted(forge(claims(own.upper(), user_id=own)))
    for size in (8_000, 40_000):
        long = claims(own, more="a" * (size * 3 // 4))
        private.assert_accepted(sign(long))
        private.assert_refused(sign(long)[:-1] + "_")


def test_signature_belongs_to_one_token(private: PrivateTask, bob: User) -> None:
    head, payload, signature = sign(claims(private.user.id)).split(".")
    _, other_payload, other_signature = sign(claims(bob.id)).split(".")
    private.assert_refused(
        f"{head}.{other_payload}.{signature}", f"{head}.{payload}.{other_signature}"
    )


def test_repeated_claims_do_not_identify_another_user(private: PrivateTask, bob: User) -> None:
    own, other = (f'"{user.id}"' for user in (private.user, bob))
    for name in ("sub", "user_id"):
        text = f'{{"exp":9999999999,"{name}":{own},"{name}":{other}}}'
        private.assert_hidden_from([forge(text.encode())])
    private.assert_refused(with_member(private.user.id, "user_id", f'{own},"user_id":{other}'))


def test_urls_of_keys_are_not_fetched(private: PrivateTask) -> None:
    content = claims(private.user.id)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
        for more in ({"jku": url}, {"jku": url, "kid": "1"}, {"x5u": url}, {"iss": url}):
            private.assert_refused(forge(content, {"alg": "HS256"} | more, "attackers"))
            private.assert_accepted(forge(content, {"alg": "HS256"} | more))
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.slow
def test_rsa_keys_of_an_attacker_are_not_used(private: PrivateTask, tmp_path: Path) -> None:
    file, content = tmp_path / "key.pem", claims(private.user.id)

    def openssl(*arguments: str, data: bytes = b"") -> bytes:
        command = [find_program("openssl"), *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    openssl("genrsa", "-out", str(file), "2048")
    public = openssl("rsa", "-in", str(file), "-pubout").decode()
    for algorithm, digest in (("RS256", "-sha256"), ("RS512", "-sha512")):
        signed = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(content)}"
        signature = openssl("dgst", digest, "-sign", str(file), data=signed.encode())
        private.assert_refused(f"{signed}.{part(signature)}")
    for header in ({"alg": "HS256"}, {"alg": "RS256"}):
        private.assert_refused(
            forge(content, header, public), forge(content, header, public.strip())
        )
