"""Five hundred clients at once: all are served, and the database sees a bounded few of them."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest

from tests.support import expect, raw_http
from tests.support.caller import dial, message, provided
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database

CLIENTS = 500
POOL_SIZE = 10
LONGEST = 10.0
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'todo'"


class Client:
    """A user that Better Auth made, on one connection that stays open."""

    def __init__(self, port: int) -> None:
        self.token = provided()
        self.connection = dial(port)
        self.longest = 0.0

    def ask(self, method: str, path: str, **fields: object) -> httpx.Response:
        began = time.monotonic()
        self.connection.sendall(message(method, path, self.token, **fields))
        answer = raw_http.receive(self.connection, method)
        self.longest = max(self.longest, time.monotonic() - began)
        return answer

    def live(self, together: threading.Barrier) -> None:
        """Two writes and two reads, each of which shows what was written."""
        title = uuid4().hex
        together.wait(LONGEST)
        created = expect.task(self.ask("POST", "/api/tasks", title=title), 201)
        listed = self.ask("GET", "/api/tasks")
        assert listed.json() == {"tasks": [created]}
        path = f"/api/tasks/{created['id']}"
        changed = expect.task(self.ask("PUT", path, completed=True))
        assert expect.task(self.ask("GET", path)) == changed
        assert (changed["title"], changed["completed"]) == (title, True)


@contextmanager
def connected(port: int) -> Iterator[list[Client]]:
    clients: list[Client] = []
    try:
        for _ in range(CLIENTS):
            clients.append(Client(port))  # noqa: PERF401 - each is closed, also when one fails
        yield clients
    finally:
        for client in clients:
            client.connection.close()


@contextmanager
def counted(url: str) -> Iterator[list[int]]:
    """How many connections the service has to the database, looked at all the time."""
    counts: list[int] = []
    over = threading.Event()

    def look() -> None:
        with Sql(url) as sql:
            name = sql.value("SELECT current_database()")
            while not over.wait(0.01):
                counts.append(sql.value(OPEN, name))

    with ThreadPoolExecutor(1) as runner:
        looking = runner.submit(look)
        try:
            yield counts
        finally:
            over.set()
        looking.result()


def workers_that_answer(service: Program, wanted: int) -> int:
    """How many workers have answered; the request ids of each begin in a way of their own."""
    seen: set[str] = set()

    def ask() -> bool:
        answer = raw_http.send(service.port, "GET", "/health", {"Connection": "close"})
        seen.add(answer.headers["x-request-id"][:12])
        return len(seen) == wanted

    eventually(ask)
    return len(seen)


@pytest.mark.parametrize("workers", [1, 2])
def test_all_are_served_by_a_bounded_few_connections(
    start: Callable[..., Program],
    postgres: str,
    figure: Callable[[str, object], None],
    workers: int,
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", str(workers), DB_POOL_SIZE=str(POOL_SIZE))
    assert workers_that_answer(service, workers) == workers
    with connected(service.port) as clients, counted(url) as counts:
        together, began = threading.Barrier(CLIENTS), time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as runners:
            lives = [runners.submit(client.live, together) for client in clients]
        seconds = time.monotonic() - began
    errors = [error for life in lives if (error := life.exception())]
    service.stop()
    figure(
        f"{CLIENTS} clients at once, {workers} worker(s)",
        f"{4 * CLIENTS} requests, {len(errors)} errors, {seconds:.1f} s in all, the longest "
        f"answer {max(client.longest for client in clients):.2f} s",
    )
    figure(
        f"{CLIENTS} clients at once, {workers} worker(s), connections to the database",
        f"at most {max(counts)} in {len(counts)} looks, DB_POOL_SIZE is {POOL_SIZE}",
    )
    assert errors == []
    assert POOL_SIZE // 2 < max(counts) <= POOL_SIZE
    assert [record for record in service.records() if record["level"] == "error"] == []
