"""Changed tokens: a signature is of one token only, letter by letter."""

import hashlib
import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest

from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.tokens import SECRET, claims, forge, sign
from tests.support.users import User
from tests.support.victim import Victim


@pytest.fixture
def victim(alice: User, sql: Sql) -> Victim:
    return Victim(alice, sql)


@pytest.mark.parametrize("letter", ["A", "_"])
def test_a_token_with_any_letter_changed_is_refused(
    victim: Victim, letter: str, figure: Callable[[str, object], None]
) -> None:
    token = sign(claims(victim.user.id))
    changed = {token[:at] + letter + token[at + 1 :] for at in range(len(token))} - {token}
    victim.is_safe_from(*changed)
    figure(f"tokens with one letter changed to {letter}, on five routes: refused", victim.asked)


def test_a_token_with_letters_missing_or_added_is_refused(victim: Victim) -> None:
    token = sign(claims(victim.user.id))
    victim.is_safe_from(*(token[:end] for end in range(1, len(token), 5)))
    victim.is_safe_from(*(token[:at] + token[at + 1 :] for at in range(0, len(token), 5)))
    victim.is_safe_from(*(token[:at] + "A" + token[at:] for at in range(0, len(token), 5)))
    victim.is_safe_from(token + "A", token + ".", token * 2, f"{token}.{token}", "." + token)


@pytest.mark.parametrize("padding", ["=", "==", "===", "====", "%3D"])
def test_padding_is_no_part_of_a_token(victim: Victim, padding: str) -> None:
    head, payload, signature = sign(claims(victim.user.id)).split(".")
    victim.is_safe_from(
        f"{head}.{payload}.{signature}{padding}",
        f"{head}.{payload}{padding}.{signature}",
        f"{head}{padding}.{payload}.{signature}",
        f"{head}.{payload}.{padding}{signature}",
    )


def test_a_token_in_the_other_base64_is_refused(victim: Victim) -> None:
    def sign_in(encode: Callable[[bytes], bytes]) -> str:
        parts = [b'{"alg":"HS256"}', b'{"sub":"%s","exp":9999999999}' % victim.user.id.encode()]
        parts[1] += b" " * (-len(parts[1]) % 3)  # no padding
        signed = b".".join(map(encode, parts))
        signature = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        return (signed + b"." + encode(signature).rstrip(b"=")).decode()

    victim.opens_to(sign_in(urlsafe_b64encode))
    odd = sign_in(lambda part: b64encode(b'{"a":"\xc2\xbf\xc3\xbf?>~"' + b"," + part[1:]))
    assert {"+", "/"} & {*odd}
    victim.is_safe_from(odd)


def test_a_signature_is_of_one_token_only(victim: Victim, bob: User) -> None:
    head, payload, signature = sign(claims(victim.user.id)).split(".")
    other_head, other_payload, other_signature = sign(claims(bob.id)).split(".")
    victim.is_safe_from(
        f"{other_head}.{payload}.{other_signature}",
        f"{head}.{other_payload}.{signature}",
        f"{head}.{payload}.{other_signature}",
        f"{payload}.{head}.{signature}",
        f"{signature}.{payload}.{head}",
    )


def test_a_header_that_is_a_bomb_is_refused(victim: Victim) -> None:
    bombs = [b"[" * 40_000, b'{"alg":' * 6_000, b'{"alg":' + b"9" * 40_000 + b"}", b"\xff" * 40_000]
    victim.is_safe_from(*(forge(claims(victim.user.id), bomb, "") for bomb in bombs))
    victim.is_safe_from("a" * 60_000, "." * 60_000, "a." * 30_000, "a.b." + "c" * 60_000)


def test_a_long_token_is_believed_if_it_is_signed(victim: Victim) -> None:
    for length in (8_000, 40_000):
        content = claims(victim.user.id, more="a" * (length * 3 // 4))
        victim.opens_to(sign(content))
        victim.is_safe_from(forge(content, secret=""), sign(content)[:-1] + "_")


def test_none_of_it_was_an_accident(service: Program) -> None:
    assert [record for record in service.records() if has_stack_trace(record)] == []
