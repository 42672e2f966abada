"""Clients that hang up half-way, or never come to an end: nobody else notices."""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.caller import dial, message, provided
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_user, new_email

POOL_SIZE = 8
LONGEST = 1.0
WAVES = 40
SLOW = 300
CUT_OFF = 65.0  # seconds; what has not moved on at two looks 30 s apart is cut off
TRIES = 5
BEFORE_LOCK_TIMEOUT = 2.0  # seconds; the service waits 3 s for a lock
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST
OURS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'todo'"
UNFINISHED = f"SELECT pid, state, query {OURS} AND state <> 'idle'"
LOCKS = (
    "SELECT pid, locktype, mode FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE datname = current_database() AND application_name = 'todo'"
)
WAITING = f"SELECT count(*) {OURS} AND wait_event_type = 'Lock'"


class Setup(NamedTuple):
    """A service, its database and somebody who uses it."""

    program: Program
    sql: Sql
    user: User


@pytest.fixture(scope="module")
def setup(start: Callable[..., Program], postgres: str) -> Iterator[Setup]:
    url = new_database(postgres)
    program = start(url, DB_POOL_SIZE=str(POOL_SIZE))
    with Sql(url) as sql, httpx.Client(base_url=program.url, timeout=20) as http:
        yield Setup(program, sql, add_user(sql, http))


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(setup: Setup) -> Iterator[None]:
    yield
    assert eventually(lambda: not setup.sql.rows(UNFINISHED) + setup.sql.rows(LOCKS))
    assert [record for record in setup.program.records() if record["level"] == "error"] == []
    assert "Traceback" not in setup.program.output()
    assert waiting_at_once(setup) == POOL_SIZE


def waiting(setup: Setup) -> int:
    """How many statements wait for a lock at this moment, not when the transaction first looked."""
    setup.sql.value("SELECT pg_stat_clear_snapshot()")
    count: int = setup.sql.value(WAITING)
    return count


def waiting_at_once(setup: Setup) -> int:
    """How many statements the service can have in the database at one time.

    Tried anew where a slow machine does not bring them together before one gives up waiting.
    """
    most = 0
    with ThreadPoolExecutor(POOL_SIZE + 4) as runners:
        for _ in range(TRIES):
            with setup.sql.locked("tasks"):
                path = f"/api/tasks/{uuid4()}"
                reading = [runners.submit(setup.user.get, path) for _ in range(POOL_SIZE + 4)]
                eventually(lambda: waiting(setup) >= POOL_SIZE, BEFORE_LOCK_TIMEOUT)
                most = waiting(setup)
            assert {each.result().status_code for each in reading} == {404}
            if most >= POOL_SIZE:
                break
    return most


def hang_up(setup: Setup, sent: bytes, *, reset: bool) -> None:
    """Send something and leave, in the decent or in the rude way."""
    with dial(setup.program.port) as connection:
        connection.sendall(sent)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@contextmanager
def others_served(setup: Setup) -> Iterator[list[float]]:
    """Somebody else writes and reads all the time; the seconds that each request took."""
    seconds: list[float] = []
    over = threading.Event()

    def live() -> None:
        with httpx.Client(base_url=setup.program.url, timeout=20) as http:
            user = User(http, str(uuid4()), new_email())
            while not over.is_set():
                for call in (user.add, user.tasks):
                    began = time.monotonic()
                    call()
                    seconds.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as runner:
        living = runner.submit(live)
        try:
            yield seconds
        finally:
            over.set()
        living.result()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_clients_that_leave_before_the_answer(
    setup: Setup, figure: Callable[[str, object], None], *, reset: bool
) -> None:
    task = f"/api/tasks/{setup.user.add()['id']}"
    token, new = setup.user.token, {"title": "Nobody waits for this"}
    large = {"title": "x" * 200, "description": "y" * 1000}
    account = {"email": new_email(), "password": "correct horse"}
    sent = {
        "a list": message("GET", "/api/tasks", token),
        "a new task": message("POST", "/api/tasks", token, **new),
        "a change": message("PUT", task, token, **new),
        "half a new task": message("POST", "/api/tasks", token, **large)[:-600],
        "half a change": message("PUT", task, token, **large)[:-600],
        "half a login": message("POST", "/api/auth/login", **account)[:-30],
        "half a head": message("GET", "/api/tasks", token)[:50],
    }
    leaving: list[Future[None]] = []
    with others_served(setup) as seconds, ThreadPoolExecutor(16) as runners:
        for _ in range(WAVES):
            for data in sent.values():
                leaving += [runners.submit(hang_up, setup, data, reset=reset) for _ in range(5)]
            time.sleep(0.05)
    for each in leaving:
        each.result()
    figure(
        f"{len(leaving)} clients that {'reset' if reset else 'close'} half-way",
        f"{len(seconds)} requests of others meanwhile, the longest {max(seconds):.3f} s",
    )
    assert len(seconds) > 10
    assert max(seconds) < LONGEST
    assert setup.sql.value("SELECT count(*) FROM tasks WHERE title LIKE 'xxx%'") == 0


def test_clients_that_leave_while_the_database_works_for_them(
    setup: Setup, figure: Callable[[str, object], None]
) -> None:
    assert waiting_at_once(setup) == POOL_SIZE  # now all connections are there
    with setup.sql.locked("tasks"), ExitStack() as held:
        for _ in range(3 * POOL_SIZE):
            sent = message("POST", "/api/tasks", provided(), title="Nobody waits for this either")
            held.enter_context(dial(setup.program.port)).sendall(sent)
        assert eventually(lambda: waiting(setup) == POOL_SIZE)
        held.close()
        time.sleep(0.3)
    began = time.monotonic()
    assert setup.user.add("Somebody waits for this")
    seconds = time.monotonic() - began
    figure(
        f"{3 * POOL_SIZE} clients that left {POOL_SIZE} busy connections and a queue",
        f"the next is served in {seconds:.3f} s",
    )
    assert seconds < LONGEST


def cuts_of(whole: bytes) -> list[int]:
    """Places in the head, at its end and in the body."""
    return [30, whole.index(b"\r\n\r\n") + 2, len(whole) - 5]


def test_clients_that_dawdle(setup: Setup, figure: Callable[[str, object], None]) -> None:
    whole = message("POST", "/api/tasks", setup.user.token, title="A slow one")
    cuts = cuts_of(whole)
    with ExitStack() as held, others_served(setup) as seconds:
        slow = [
            (held.enter_context(dial(setup.program.port)), cuts[n % len(cuts)]) for n in range(SLOW)
        ]
        for connection, cut in slow:
            connection.sendall(whole[:cut])
        for _ in range(4):
            time.sleep(0.5)
            for n, (connection, cut) in enumerate(slow):
                connection.sendall(whole[cut : cut + 1])
                slow[n] = connection, cut + 1
        figure(
            f"{SLOW} clients that dawdle over head and body",
            f"{len(seconds)} requests of others meanwhile, the longest {max(seconds):.3f} s",
        )
        assert len(seconds) > 10
        assert max(seconds) < LONGEST
        for connection, cut in slow:
            connection.sendall(whole[cut:])
            assert expect.task(raw_http.receive(connection, "POST"), 201)["title"] == "A slow one"


@pytest.mark.slow
def test_clients_that_never_come_to_an_end(
    setup: Setup, figure: Callable[[str, object], None]
) -> None:
    whole = message("POST", "/api/tasks", setup.user.token, title="Never")
    cuts = cuts_of(whole)
    with ExitStack() as held, others_served(setup) as seconds:
        began = time.monotonic()
        slow = [held.enter_context(dial(setup.program.port)) for _ in range(SLOW)]
        for n, connection in enumerate(slow):
            connection.sendall(whole[: cuts[n % len(cuts)]])
        statuses = Counter(cut_off(each, began + CUT_OFF) for each in slow)
        ended = time.monotonic() - began
    figure(
        f"{SLOW} clients that stop half-way, all cut off after {ended:.0f} s",
        f"{len(seconds)} requests of others meanwhile, the longest {max(seconds):.3f} s",
    )
    assert statuses == {408: SLOW}
    assert ended > 25
    assert len(seconds) > 1000
    assert max(seconds) < LONGEST
    assert setup.sql.value("SELECT count(*) FROM tasks WHERE title = 'Never'") == 0


def cut_off(connection: socket.socket, deadline: float) -> int:
    """What a client receives at last, before a `time.monotonic()`."""
    connection.settimeout(max(0.1, deadline - time.monotonic()))
    return raw_http.receive(connection).status_code
