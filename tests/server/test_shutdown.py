"""SIGTERM: not ready first, then what is under way is finished, then gone."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

FAREWELL = 0.5  # seconds between "not ready" and the end
TRIES = 5


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_under_way_are_finished(
    start: Callable[..., Program], postgres: str, workers: str
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", workers)
    account = {"email": new_email(), "password": "correct horse"}
    assert httpx.post(f"{service.url}/api/auth/signup", json=account).status_code == 201
    with httpx.Client(base_url=service.url) as http, Sql(url) as locker:
        user = User(http, str(uuid4()), new_email())
        user.add("Buy milk")
        with ThreadPoolExecutor(4) as runners:
            with locker.locked("tasks"):
                login = runners.submit(httpx.post, f"{service.url}/api/auth/login", json=account)
                listed = runners.submit(user.get, "/api/tasks")
                time.sleep(0.1)
                assert service.process
                service.process.terminate()
                began = time.monotonic()
                time.sleep(1)
            assert [listed.result().status_code, login.result().status_code] == [200, 200]
        assert service.ended().code == 0
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_comes_late_is_refused_at_once(
    start: Callable[..., Program], postgres: str, workers: str
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", workers)
    with httpx.Client(base_url=service.url) as http, Sql(url) as locker:
        user = User(http, str(uuid4()), new_email())
        user.add("Buy milk")
        with ThreadPoolExecutor(1) as runner, locker.locked("tasks"):
            listed = runner.submit(user.get, "/api/tasks")
            time.sleep(0.1)
            assert service.process
            service.process.terminate()
            time.sleep(1.5)
            began = time.monotonic()
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{service.url}/health")
            assert time.monotonic() - began < 0.5
            assert service.running()
        assert listed.result().status_code == 200
    assert service.ended().code == 0


def test_readiness_ends_first(start: Callable[..., Program], database_url: str) -> None:
    for _ in range(TRIES):
        service = start(database_url)
        looked = looked_in_time(service)
        assert service.ended().code == 0
        if looked:
            return
    raise AssertionError("this machine is too slow to look within half a second")


def looked_in_time(service: Program) -> bool:
    """See it announce its end while it still serves; False where we came too late for that."""
    with httpx.Client(base_url=service.url) as http:
        assert http.get("/health/ready").status_code == 200
        assert service.process
        asked = time.monotonic()
        service.process.terminate()
        try:
            answer = eventually(lambda: (a := http.get("/health/ready")).status_code == 503 and a)
            alive = http.get("/health")
        except httpx.TransportError:
            assert time.monotonic() - asked >= FAREWELL
            return False
    expect.error(answer, 503, "The service is shutting down")
    assert alive.status_code == 200
    return True


def test_at_sigint_it_stops_listening_without_saying_so_first(
    start: Callable[..., Program], database_url: str
) -> None:
    service, statuses = start(database_url), set()
    assert service.process
    service.process.send_signal(signal.SIGINT)
    with suppress(httpx.ConnectError):
        while service.running():
            statuses.add(httpx.get(f"{service.url}/health/ready").status_code)
    assert statuses <= {200}
    assert service.ended().code == 0


def test_a_locked_row_holds_up_its_own_writers_only(
    start: Callable[..., Program], postgres: str
) -> None:
    url = new_database(postgres)
    service = start(url, DB_POOL_SIZE="4")
    with httpx.Client(base_url=service.url, timeout=20) as http, Sql(url) as locker:
        user = User(http, str(uuid4()), new_email())
        locked, free = user.add("locked"), user.add("free")
        locker.value("BEGIN")
        locker.value("SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE", UUID(locked["id"]))
        with ThreadPoolExecutor(12) as runners:
            began = time.monotonic()
            change = (f"/api/tasks/{locked['id']}",)
            waiting = [runners.submit(user.put, *change, json={"title": "b"}) for _ in range(12)]
            time.sleep(0.3)
            asked = time.monotonic()
            assert len(user.tasks()) == 2
            assert user.put(f"/api/tasks/{free['id']}", json={"title": "c"}).status_code == 200
            assert user.add("new")
            assert time.monotonic() - asked < 1
            for each in waiting:
                expect.error(each.result(), 500, "Service temporarily unavailable")
            assert time.monotonic() - began < 10
        locker.script("ROLLBACK")
        assert user.put(*change, json={"title": "d"}).status_code == 200
