"""The queue for password hashing is bounded, and whoever does not sign in does not feel it."""

import os
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program, eventually
from tests.support.tokens import bearer, claims, sign
from tests.support.users import new_email

pytestmark = pytest.mark.slow

SENTENCE = "Too many sign-ins at once, please try again"
WAITING = 100
CROWD = 150
WORKING = max(1, len(os.sched_getaffinity(0)) - 1)  # threads
LISTS = 500
TIMES, MORE = 3, 0.005  # how much longer, and seconds, a list may take than before, 95 of 100

Figure = Callable[[str, object], None]


class Crowd(NamedTuple):
    """Many who log in at once, and those of them who were answered at once."""

    program: Program
    waiting: list[socket.socket]
    refused: list[httpx.Response]
    seconds: float


def log_in(program: Program) -> socket.socket:
    body = b'{"email": "nobody@example.com", "password": "12345678"}'
    head = f"Origin: {FRONTEND}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connection = socket.create_connection(("127.0.0.1", program.port), timeout=120)
    connection.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: test\r\n" + head + body)
    return connection


def answered(connections: list[socket.socket]) -> list[socket.socket]:
    return select.select(connections, [], [], 0)[0]


def lists(program: Program) -> list[float]:
    """The seconds that the list of somebody with one task takes, again and again; sorted."""
    seconds, headers = [], bearer(sign(claims(str(uuid4()), email=new_email())))
    with httpx.Client(base_url=program.url, headers=headers, timeout=10) as http:
        assert http.post("/api/tasks", json={"title": "a"}).status_code == 201
        for _ in range(LISTS):
            answer = http.get("/api/tasks")
            assert answer.status_code == 200
            seconds.append(answer.elapsed.total_seconds())
    return sorted(seconds)


def p95(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.95)]


@pytest.fixture
def program(start: Callable[..., Program], database_url: str) -> Program:
    return start(database_url)


@pytest.fixture
def before(program: Program) -> list[float]:
    """The seconds of lists while nobody signs in."""
    return lists(program)


@pytest.fixture
def crowd(program: Program) -> Iterator[Crowd]:
    """A service with a full queue; it is killed, not awaited."""
    connections: list[socket.socket] = []
    began = time.perf_counter()
    try:
        connections += [log_in(program) for _ in range(CROWD)]
        beyond = CROWD - WAITING - WORKING
        eventually(lambda: len(answered(connections)) >= beyond)
        seconds, responded = time.perf_counter() - began, answered(connections)
        answers = [raw_http.receive(each) for each in responded]
        refused = [answer for answer in answers if answer.status_code == 503]
        waiting = [each for each in connections if each not in responded]
        yield Crowd(program, waiting, refused, seconds)
    finally:
        program.kill()
        for connection in connections:
            connection.close()


def test_those_beyond_the_bound_are_sent_away_at_once(crowd: Crowd, figure: Figure) -> None:
    beyond = CROWD - WAITING - WORKING
    figure(
        f"{CROWD} log-ins at once, sent away with 503",
        f"{len(crowd.refused)} within {crowd.seconds * 1000:.0f} ms",
    )
    assert beyond - 5 <= len(crowd.refused) <= beyond  # some may have been served meanwhile
    assert crowd.seconds < 2
    for answer in crowd.refused:
        expect.error(answer, 503, SENTENCE)
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["access-control-allow-origin"] == FRONTEND
        assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_a_mistake_is_told_without_waiting(crowd: Crowd) -> None:
    for path, body, sentence in (
        ("signup", {"email": "no address", "password": "12345678"}, "Invalid email format"),
        (
            "signup",
            {"email": new_email(), "password": "a"},
            "Password must be at least 8 characters",
        ),
        ("login", {"email": new_email()}, "Email and password required"),
    ):
        url = f"{crowd.program.url}/api/auth/{path}"
        expect.error(httpx.post(url, json=body, timeout=1), 400, sentence)


def test_whoever_does_not_sign_in_does_not_feel_it(
    before: list[float], crowd: Crowd, figure: Figure
) -> None:
    seconds = lists(crowd.program)
    still = len(crowd.waiting) - len(answered(crowd.waiting))
    figure(
        "lists while the queue for sign-ins is full",
        f"p95 {p95(seconds) * 1000:.1f} ms, before {p95(before) * 1000:.1f} ms, longest "
        f"{seconds[-1] * 1000:.0f} ms ({still} waited all along)",
    )
    assert still > WAITING / 2
    assert p95(seconds) <= TIMES * p95(before) + MORE


@pytest.mark.slow
def test_nobody_who_waits_is_forgotten(crowd: Crowd, figure: Figure) -> None:
    began = time.perf_counter()
    statuses = Counter(raw_http.receive(each).status_code for each in crowd.waiting)
    seconds = time.perf_counter() - began
    figure("log-ins that waited, all answered", f"{len(crowd.waiting)} in {seconds:.0f} s")
    assert statuses == {401: len(crowd.waiting)}
    again = httpx.post(
        f"{crowd.program.url}/api/auth/login",
        json={"email": "nobody@example.com", "password": "12345678"},
        timeout=10,
    )
    expect.error(again, 401, "Invalid email or password")
