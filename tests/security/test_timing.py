"""Sign-up and log-in tell by neither time nor wording what an attacker would like to know."""

import os
import statistics
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import bcrypt
import httpx
import pytest

from tests.support import expect
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.users import User, add_user, new_email

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"
TIMES = 9
# A hash that was left out would make the one take a tenth of the other. What a client sees is
# stretched by other work on the machine, the service's own work is not.
SEEN_AS_EQUAL = 2.0
DONE_AS_EQUAL = 1.25
VARYING = {"x-request-id", "date"}

Compare = Callable[[str, Callable[[], httpx.Response], Callable[[], httpx.Response]], None]


@pytest.fixture(scope="module")
def member(sql: Sql, http: httpx.Client) -> User:
    kept = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode()
    return add_user(sql, http, f"member.{new_email()}", kept)


@pytest.fixture(scope="module")
def provisioned(sql: Sql, http: httpx.Client) -> User:
    """Somebody whom Better Auth made, without a password of ours."""
    return add_user(sql, http)


def login(http: httpx.Client, email: str, guess: str = "wrong horse") -> httpx.Response:
    return http.post("/api/auth/login", json={"email": email, "password": guess})


def cpu_seconds(service: Program) -> float:
    """What the service has worked in all; 0 where Linux's /proc is missing."""
    stat = Path(f"/proc/{service.pid}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def compare(service: Program, figure: Callable[[str, object], None]) -> Compare:
    """Ask in turns, and compare the medians of what is seen and of what is done."""

    def compare_two(
        name: str, first: Callable[[], httpx.Response], second: Callable[[], httpx.Response]
    ) -> None:
        seen: tuple[list[float], list[float]] = ([], [])
        done: tuple[list[float], list[float]] = ([], [])
        for _ in range(TIMES):
            for turn, ask in enumerate((first, second)):
                before = cpu_seconds(service)
                seen[turn].append(ask().elapsed.total_seconds())
                done[turn].append(cpu_seconds(service) - before)
        waits, work = (list(map(statistics.median, pair)) for pair in (seen, done))
        figure(
            f"{name}, medians of {TIMES} in turns",
            f"{waits[0] * 1000:.0f} and {waits[1] * 1000:.0f} ms,"
            f" of work {work[0] * 1000:.0f} and {work[1] * 1000:.0f} ms",
        )
        assert max(waits) < SEEN_AS_EQUAL * min(waits)
        assert max(work) <= DONE_AS_EQUAL * min(work)

    return compare_two


def wording(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [(name, value) for name, value in answer.headers.items() if name not in VARYING]
    return answer.status_code, answer.content, headers


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["unknown", "impossible", "provisioned"])
def test_who_cannot_log_in_takes_as_long_as_a_wrong_password(
    http: httpx.Client, member: User, provisioned: User, kind: str, compare: Compare
) -> None:
    email = {"unknown": new_email(), "impossible": "no address", "provisioned": provisioned.email}
    compare(
        f"log-in, a wrong password and an address that is {kind}",
        lambda: login(http, member.email),
        lambda: login(http, email[kind]),
    )


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_an_overlong_password_takes_as_long_as_a_short_one(
    http: httpx.Client, member: User, known: bool, compare: Compare
) -> None:
    email = member.email if known else new_email()
    compare(
        f"log-in to {'a known' if known else 'an unknown'} address, 5 letters and 50,000",
        lambda: login(http, email, "wrong"),
        lambda: login(http, email, "wrong" * 10_000),
    )


@pytest.mark.slow
def test_an_address_that_is_taken_takes_as_long_as_a_new_one(
    http: httpx.Client, member: User, compare: Compare
) -> None:
    def signup(email: str) -> httpx.Response:
        return http.post("/api/auth/signup", json={"email": email, "password": PASSWORD})

    compare("sign-up, 201 and 409", lambda: signup(new_email()), lambda: signup(member.email))


def test_every_refusal_of_a_login_is_worded_alike(
    http: httpx.Client, member: User, provisioned: User
) -> None:
    answers = [
        login(http, member.email),
        login(http, new_email()),
        login(http, "no address"),
        login(http, provisioned.email),
        login(http, provisioned.email, "!"),
        login(http, member.email, PASSWORD + "a" * 80),
        login(http, f"{uuid4().hex}@example.com", "a" * 80),
    ]
    expect.error(answers[0], 401, "Invalid email or password")
    assert [wording(answer) for answer in answers] == [wording(answers[0])] * len(answers)


def test_a_refused_signup_does_not_repeat_the_address(http: httpx.Client, member: User) -> None:
    answers = [
        http.post("/api/auth/signup", json={"email": spelling, "password": PASSWORD})
        for spelling in (member.email, member.email.upper(), f" {member.email} ")
    ]
    expect.error(answers[0], 409, "Email already registered")
    assert [wording(answer) for answer in answers] == [wording(answers[0])] * len(answers)
