"""SIGTERM under load: whoever asked before is answered in full, and the service is gone in time."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.caller import BROKEN, CLOSED, LATE, Caller, Signal, dial, message
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer
from tests.support.users import User, new_email

LONGEST = 10.0
CALLERS = 12  # of each kind
LOGINS = 8
TASKS = 1500  # with descriptions of 1000 characters: more than all buffers on the way hold
COPY = (
    "INSERT INTO tasks (id, title, description, completed, user_id, created_at, updated_at)"
    " SELECT gen_random_uuid(), title, description, completed, user_id, created_at, updated_at"
    " FROM tasks, generate_series(2, $1::int)"
)


class Service(NamedTuple):
    """A service with somebody who has an account and many tasks."""

    program: Program
    workers: int
    user: User
    task: str


@pytest.fixture(params=["1", "2"])
def service(
    request: pytest.FixtureRequest, start: Callable[..., Program], postgres: str
) -> Iterator[Service]:
    url = new_database(postgres)
    program = start(url, "--workers", request.param)
    account = {"email": new_email(), "password": "correct horse"}
    with httpx.Client(base_url=program.url) as http, Sql(url) as sql:
        signed_up = http.post("/api/auth/signup", json=account).json()
        user = User(http, signed_up["user"]["id"], account["email"], signed_up["token"])
        task = user.add(description="x" * 1000)
        sql.value(COPY, TASKS)
        yield Service(program, int(request.param), user, task["id"])
    program.stop()


@contextmanager
def under_load(signal: Signal) -> Iterator[list[Caller]]:
    """Readers and writers from now until the service is gone."""
    callers = [Caller(signal, "GET", "/api/tasks") for _ in range(CALLERS)]
    callers += [Caller(signal, "POST", "/api/tasks", title="Buy milk") for _ in range(CALLERS)]
    with ThreadPoolExecutor(len(callers)) as runners:
        lives = [runners.submit(caller.live) for caller in callers]
        time.sleep(1)
        try:
            yield callers
        finally:
            signal.program.ended()
        for life in lives:
            life.result()


def slow_upload(service: Service, signal: Signal) -> httpx.Response:
    """Half of the body before the signal, the other half a second after it."""
    data = message("POST", "/api/tasks", service.user.token, title="A slow upload")
    with dial(signal.port) as connection:
        connection.sendall(data[:-9])
        signal.wait_for(1)
        connection.sendall(data[-9:])
        return raw_http.receive(connection, "POST")


def slow_download(service: Service, signal: Signal) -> httpx.Response:
    """Ask for much before the signal, and begin to read two seconds after it."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(LONGEST)
        connection.connect(("127.0.0.1", signal.port))
        connection.sendall(message("GET", "/api/tasks", service.user.token))
        signal.wait_for(2)
        return raw_http.receive(connection)


def log_in(service: Service, password: str) -> httpx.Response:
    with dial(service.program.port) as connection:
        account = {"email": service.user.email, "password": password}
        connection.sendall(message("POST", "/api/auth/login", **account))
        return raw_http.receive(connection, "POST")


def after_not_ready(service: Service) -> list[int]:
    """What is answered on new connections once /health/ready has announced the end."""
    port, headers = service.program.port, {"Connection": "close"}
    while (ready := raw_http.send(port, "GET", "/health/ready", headers)).status_code == 200:
        time.sleep(0.01)
    expect.error(ready, 503, "The service is shutting down")
    headers |= bearer(service.user.token)
    paths = ("/health", f"/api/tasks/{service.task}")
    return [raw_http.send(port, "GET", path, headers).status_code for path in paths]


@pytest.mark.slow
def test_what_is_under_way_is_answered(
    service: Service, figure: Callable[[str, object], None]
) -> None:
    signal = Signal(service.program)
    with ThreadPoolExecutor(LOGINS + 3) as runners:
        with under_load(signal) as callers:
            probe = runners.submit(after_not_ready, service)
            upload = runners.submit(slow_upload, service, signal)
            download = runners.submit(slow_download, service, signal)
            logins = [runners.submit(log_in, service, "correct horse") for _ in range(LOGINS)]
            time.sleep(0.3)
            assert not all(login.done() for login in logins)
            signal.send()
        seconds = time.monotonic() - signal.moment
    fates: Counter[str] = sum((caller.fates for caller in callers), Counter())
    in_flight = sum(caller.in_flight for caller in callers)
    figure(
        f"SIGTERM under load, {service.workers} worker(s)",
        f"{in_flight} requests and {LOGINS} logins in flight, "
        f"gone in {seconds:.1f} s; all requests: {dict(fates)}",
    )
    assert [login.result().status_code for login in logins] == [200] * LOGINS
    assert expect.task(upload.result(), 201)["title"] == "A slow upload"
    assert len(download.result().json()["tasks"]) == TASKS
    assert probe.result() == [200, 200]
    assert in_flight > CALLERS
    assert fates[BROKEN] == 0
    assert fates[LATE] + fates[CLOSED] < CALLERS / 4  # of those who come at the last moment
    assert seconds < LONGEST
    assert service.program.stop() == 0


@pytest.mark.slow
def test_a_full_queue_of_logins_is_answered(
    service: Service, figure: Callable[[str, object], None]
) -> None:
    signal = Signal(service.program)
    passwords = ["correct horse", "wrong horse"] * 100 * service.workers
    with ThreadPoolExecutor(len(passwords)) as runners:
        logins = [runners.submit(log_in, service, password) for password in passwords]
        assert eventually(lambda: any(login.done() for login in logins))
        time.sleep(0.5)
        waiting = sum(not login.done() for login in logins)
        signal.send()
        code = service.program.ended().code
        seconds = time.monotonic() - signal.moment
    statuses = Counter(status(login.result()) for login in logins)
    figure(
        f"SIGTERM with {waiting} logins waiting, {service.workers} worker(s)",
        f"gone in {seconds:.1f} s, answers to all {len(logins)}: {dict(statuses)}",
    )
    assert waiting >= 90 * service.workers
    assert set(statuses) <= {200, 401, 503}
    assert seconds < LONGEST
    assert code == 0


def status(answer: httpx.Response) -> int:
    """The status of an answer of the right shape."""
    if answer.status_code == 503:
        expect.error(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    elif answer.status_code == 401:
        expect.error(answer, 401, "Invalid email or password")
    else:
        assert answer.json()["user"]["email"]
    return answer.status_code
