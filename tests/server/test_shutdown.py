"""SIGTERM: not ready first; then requests in flight are finished, and new ones refused."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

DRAIN_DELAY = 0.5  # seconds between "not ready" and the end of listening
ATTEMPTS = 5


def send(service: Program, number: signal.Signals) -> float:
    """Send a signal; the time when it was sent."""
    assert service.process
    now = time.monotonic()
    service.process.send_signal(number)
    return now


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_requests_in_flight_are_finished_and_late_connections_are_refused(
    start: Callable[..., Program], postgres: str, workers: str
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", workers)
    account = {"email": new_email(), "password": "correct horse"}
    with httpx.Client(base_url=service.url) as http, Sql(url) as locker:
        assert http.post("/api/auth/signup", json=account).status_code == 201
        user = User(http, str(uuid4()), new_email())
        user.add("Buy milk")
        with ThreadPoolExecutor(2) as threads, locker.locked("tasks"):
            login = threads.submit(http.post, "/api/auth/login", json=account)
            tasks = threads.submit(user.get, "/api/tasks")
            time.sleep(0.1)
            signalled = send(service, signal.SIGTERM)
            time.sleep(1.5)
            begin = time.monotonic()
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{service.url}/health")
            assert time.monotonic() - begin < 0.5
            assert service.running()
        assert [tasks.result().status_code, login.result().status_code] == [200, 200]
    assert service.ended().code == 0
    assert time.monotonic() - signalled < 10


def test_readiness_ends_first(start: Callable[..., Program], database_url: str) -> None:
    assert any(observe_readiness(start(database_url)) for _ in range(ATTEMPTS))


def observe_readiness(service: Program) -> bool:
    """See it not ready while it still serves; False where the requests came too late for that."""
    with httpx.Client(base_url=service.url) as http:
        assert http.get("/health/ready").status_code == 200
        signalled = send(service, signal.SIGTERM)
        try:
            response = eventually(lambda: (r := http.get("/health/ready")).status_code == 503 and r)
            assert http.get("/health").status_code == 200
        except httpx.TransportError:
            assert time.monotonic() - signalled >= DRAIN_DELAY
            assert service.ended().code == 0
            return False
    expect.error(response, 503, "The service is shutting down")
    assert service.ended().code == 0
    return True


def test_sigint_ends_without_delay(start: Callable[..., Program], database_url: str) -> None:
    service, statuses = start(database_url), set()
    send(service, signal.SIGINT)
    with suppress(httpx.TransportError):
        while service.running():
            statuses.add(httpx.get(f"{service.url}/health/ready").status_code)
    assert statuses <= {200}
    assert service.ended().code == 0
