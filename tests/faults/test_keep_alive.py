"""Idle connections are kept longer than a load balancer keeps them, and then closed in order."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support import raw_http
from tests.support.caller import dial, message
from tests.support.program import Program
from tests.support.users import User

KEPT = 75.0  # seconds
CLOCK = 0.01  # seconds; that of the event loop counts milliseconds
IDLE = (60.0, 74.0)


def get(connection: socket.socket, user: User, path: str) -> httpx.Response:
    connection.sendall(message("GET", path, user.token))
    return raw_http.receive(connection)


def reused_after(service: Program, user: User, seconds: float) -> list[int]:
    """The statuses before and after a rest, on one and the same connection."""
    with dial(service.port) as connection:
        statuses = [get(connection, user, "/api/tasks").status_code]
        time.sleep(seconds)
        return statuses + [get(connection, user, path).status_code for path in ("/api/tasks", "/")]


def kept_for(service: Program, user: User) -> tuple[float, float]:
    """The seconds until the service closes an idle connection; raises where it resets it.

    It became idle between our question and our hearing the answer: at most, and at least.
    """
    with dial(service.port) as connection:
        connection.settimeout(KEPT + 10)
        asked = time.monotonic()
        get(connection, user, "/api/tasks")
        answered = time.monotonic()
        assert connection.recv(1) == b""
        closed = time.monotonic()
        return closed - asked, closed - answered


@pytest.mark.slow
def test_an_idle_connection_is_kept_for_75_seconds(
    service: Program, alice: User, figure: Callable[[str, object], None]
) -> None:
    with ThreadPoolExecutor(len(IDLE) + 1) as runners:
        resting = [runners.submit(reused_after, service, alice, seconds) for seconds in IDLE]
        closing = runners.submit(kept_for, service, alice)
    statuses = {seconds: each.result() for seconds, each in zip(IDLE, resting, strict=True)}
    figure("idle connections reused after seconds, with statuses", statuses)
    at_most, at_least = closing.result()
    figure("an idle connection is closed, not reset, after", f"{at_least:.1f} s")
    assert statuses == {seconds: [200, 200, 200] for seconds in IDLE}
    assert at_most > KEPT - CLOCK
    assert at_least < KEPT + 2
