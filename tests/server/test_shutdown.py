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


@pytest.mark.parametrize("workers", ["1", "2"])
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
            signalled = terminate(service)
            time.sleep(1.5)
            begin = time.monotonic()
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{service.url}/health")
            assert time.monotonic() - begin < 0.5
            assert service.running()
        assert [tasks.result().status_code, login.result().status_code] == [200, 200]
    assert service.ended().code == 0
    assert time.monotonic() - signalled < 10


def terminate(service: Program) -> float:
    """Send SIGTERM; the time when it was sent."""
    assert service.process
    now = time.monotonic()
    service.process.terminate()
    return now


def test_readiness_ends_before_the_service_does(
    start: Callable[..., Program], database_url: str
) -> None:
    for _ in range(ATTEMPTS):
        service = start(database_url)
        observed = observe_readiness(service)
        assert service.ended().code == 0
        if observed:
            return
    pytest.fail(f"no request within {DRAIN_DELAY} seconds: this machine is too slow")


def observe_readiness(service: Program) -> bool:
    """See it not ready while it still serves; False where the requests came too late for that."""
    with httpx.Client(base_url=service.url) as http:
        assert http.get("/health/ready").status_code == 200
        signalled = terminate(service)
        try:
            response = eventually(lambda: (r := http.get("/health/ready")).status_code == 503 and r)
            alive = http.get("/health")
        except httpx.TransportError:
            assert time.monotonic() - signalled >= DRAIN_DELAY
            return False
    expect.error(response, 503, "The service is shutting down")
    assert alive.status_code == 200
    return True


def test_sigint_ends_the_service_without_that_delay(
    start: Callable[..., Program], database_url: str
) -> None:
    service, statuses = start(database_url), set()
    assert service.process
    service.process.send_signal(signal.SIGINT)
    with suppress(httpx.TransportError):
        while service.running():
            statuses.add(httpx.get(f"{service.url}/health/ready").status_code)
    assert statuses <= {200}
    assert service.ended().code == 0
