"""Signed tokens that hold no identity, or none that is valid now: 401 on every private route."""

import json
import time
from collections.abc import Callable

import pytest

from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, forge, in_seconds, without
from tests.support.users import User
from tests.support.victim import Victim

OTHER_ID = "e1b2c3d4-0000-4000-8000-000000000001"
NO_EXPIRATIONS = {
    "null": b"null",
    "true": b"true",
    "false": b"false",
    "text": b'"tomorrow"',
    "no text": b'""',
    "digits as text": b'"9999999999"',
    "5,000 digits as text": b'"' + b"9" * 5000 + b'"',
    "a list": b"[9999999999]",
    "an object": b'{"$gt":0}',
    "zero": b"0",
    "negative": b"-1",
    "very negative": b"-9999999999999",
    "minus 10 to the 30": b"-1" + b"0" * 30,
    "a fraction": b"0.999",
    "2 to the 63": b"9223372036854775808",
    "10 to the 30": b"1" + b"0" * 30,
    "5,000 digits": b"9" * 5000,
    "1e300": b"1e300",
    "1e400": b"1e400",
    "-1e400": b"-1e400",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "milliseconds long ago": b"-62135596800000",
    "after the year 9999": b"253402300800",
}
NO_BEGINNINGS = {
    "that has been, as text": b'"123"',
    "true": b"true",
    "text": b'"tomorrow"',
    "a list": b"[0]",
    "an object": b"{}",
    "to come": b"9999999999",
    "to come, as text": b'"9999999999"',
    "1e400": b"1e400",
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "5,000 digits": b"9" * 5000,
    "10 to the 30": b"1" + b"0" * 30,
}
NO_CLAIMS = [
    *([], [{}], "text", "", 42, 1.5, None, True, False, b"", b" ", b"{", b"}", b"{}{}", b"{'a':1}"),
    *(b"\xff\xfe", b"\x00", b'{"exp":', b"[" * 40_000, b'{"a":' * 8_000, b'"' + b"a" * 40_000),
]


@pytest.fixture
def victim(alice: User, sql: Sql) -> Victim:
    return Victim(alice, sql)


def signed(user_id: str, /, **members: bytes) -> str:
    """A token with these members of its JSON as they are."""
    usual = {"sub": json.dumps(user_id).encode(), "exp": b"9999999999"} | members
    return forge(b"{%s}" % b",".join(b'"%s":%s' % (n.encode(), v) for n, v in usual.items()))


@pytest.mark.parametrize("name", NO_EXPIRATIONS)
def test_an_expiration_that_is_no_time_to_come_is_refused(victim: Victim, name: str) -> None:
    victim.is_safe_from(signed(victim.user.id, exp=NO_EXPIRATIONS[name]))


def test_expired_and_endless_tokens_are_refused(victim: Victim) -> None:
    content = claims(victim.user.id)
    victim.is_safe_from(forge(without(content, "exp")), forge(without(content, "exp", "iat")))
    victim.is_safe_from(*(forge(content | {"exp": in_seconds(-ago)}) for ago in (0, 1, 60, 10**9)))


def test_expirations_to_come_are_believed(victim: Victim) -> None:
    for exp in (in_seconds(60), time.time() + 60.5, in_seconds(10**9), 253_402_300_799):
        victim.opens_to(forge(claims(victim.user.id, exp=exp)))
    victim.opens_to(signed(victim.user.id, exp=b"9.999999999E9"))


@pytest.mark.parametrize("name", NO_BEGINNINGS)
def test_a_beginning_that_has_not_been_is_refused(victim: Victim, name: str) -> None:
    victim.is_safe_from(signed(victim.user.id, nbf=NO_BEGINNINGS[name]))


def test_beginnings_that_have_been_are_believed(victim: Victim) -> None:
    for nbf in (0, -1, in_seconds(-60), time.time() - 0.5):
        victim.opens_to(forge(claims(victim.user.id, nbf=nbf)))


@pytest.mark.parametrize("content", NO_CLAIMS, ids=range(len(NO_CLAIMS)))
def test_a_payload_that_is_no_object_is_refused(victim: Victim, content: object) -> None:
    victim.is_safe_from(forge(content), forge(content, secret=""))


def test_ids_of_another_form_are_refused(victim: Victim) -> None:
    user_id = victim.user.id
    plain = user_id.replace("-", "")
    forms: list[object] = [
        *(plain, f"{{{user_id}}}", f"urn:uuid:{user_id}", f"uuid:{user_id}", user_id[:-1]),
        *(f" {user_id}", f"{user_id} ", f"{user_id}\n", f"{user_id}\0", f"\ufeff{user_id}"),
        *(
            user_id.replace("-", "–"),
            user_id.replace("-", "_"),
            f"{user_id}-",
            f"{user_id}{user_id}",
        ),
        *(user_id.translate({ord("0") + n: ord("０") + n for n in range(10)}), f"0x{plain}"),
        *(
            int(plain, 16),
            float(int(plain, 16)),
            [user_id],
            {"id": user_id},
            True,
            None,
            "",
            "\ud800",
        ),
        *(
            [ord(letter) for letter in user_id],
            f"{user_id}' OR '1'='1",
            victim.user.email,
            "*",
            "%",
        ),
    ]
    for form in forms:
        content = claims(form)
        victim.is_safe_from(forge(content), forge(without(content, "sub")))
        victim.is_safe_from(forge(without(content, "user_id")))


def test_an_id_in_capitals_is_the_same_id(victim: Victim) -> None:
    victim.opens_to(forge(claims(victim.user.id.upper(), user_id=victim.user.id)))


@pytest.mark.parametrize("other", [None, "", 0, False, [], {}, "x", OTHER_ID])
def test_two_ids_at_odds_are_refused(victim: Victim, other: object) -> None:
    own = victim.user.id
    victim.is_safe_from(forge(claims(own, sub=other)), forge(claims(own, user_id=other)))


def test_a_claim_given_twice_is_no_accident(victim: Victim, bob: User) -> None:
    victims, others = (f'"{who.id}"'.encode() for who in (victim.user, bob))
    for name in (b"sub", b"user_id"):
        member = b'"exp":9999999999,"%s":%s,"%s":%s'
        victim.shows_nothing_to([forge(b"{%s}" % (member % (name, victims, name, others)))])
        victim.is_safe_from(forge(b"{%s}" % (member % (name, victims, name, b'"x"'))))
    victim.is_safe_from(signed(victim.user.id, user_id=victims + b',"user_id":' + others))
    victim.is_safe_from(forge(b'{"sub":%s,"exp":9999999999,"exp":1}' % victims))


@pytest.mark.parametrize(
    "shape",
    [
        lambda user: {"email": user.email},
        lambda user: {"email": user.email, "requestType": "email-verification"},
        lambda user: {"email": user.email, "updateTo": "thief@example.com"},
        lambda user: {"email": user.email, "updateTo": "a@b.c", "requestType": "change-email"},
        lambda user: {"userId": user.id, "email": user.email},
        lambda user: {"id": user.id, "uid": user.id, "user": user.id, "USER_ID": user.id},
        lambda user: {"user": {"id": user.id, "sub": user.id, "email": user.email}},
        lambda user: {"session": {"userId": user.id, "token": "a"}, "user": {"id": user.id}},
        lambda user: {"updatedAt": 1, "version": "1", "session": {"user_id": user.id}},
        lambda user: {"sub ": user.id, " sub": user.id, "Sub": user.id, "ｓub": user.id},
        lambda user: {"sub.id": user.id, "sub": {"sub": user.id}, "user_id": [user.id]},
        lambda user: {"act": {"sub": user.id}, "azp": user.id, "aud": user.id, "jti": user.id},
    ],
)
def test_what_better_auth_mails_or_keeps_is_no_login(
    victim: Victim, shape: Callable[[User], dict[str, object]]
) -> None:
    times = {"iat": in_seconds(-1), "exp": in_seconds(3600)}
    victim.is_safe_from(forge(times | shape(victim.user)))


def test_none_of_it_was_an_accident(service: Program, victim: Victim) -> None:
    victim.is_safe_with(bearer(forge(b"{}")))
    assert [record for record in service.records() if has_stack_trace(record)] == []
