"""Many users at the same moment."""

import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import httpx

from tests.support import raw_http
from tests.support.tokens import bearer
from tests.support.users import User


def at_once(work: Iterable[Callable[[], None]]) -> None:
    """Have all of it done by threads that start together."""
    parts = list(work)
    start = Barrier(len(parts))

    def do(part: Callable[[], None]) -> None:
        start.wait(10)
        part()

    with ThreadPoolExecutor(len(parts)) as threads:
        running = [threads.submit(do, part) for part in parts]
    for each in running:
        each.result()


def lists_in_one_moment(port: int, users: Sequence[User]) -> list[httpx.Response]:
    """The task list of each of them, asked for before the first answer is read."""
    with ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            for _ in users
        ]
        for line, user in zip(lines, users, strict=True):
            head = "".join(f"{name}: {value}\r\n" for name, value in bearer(user.token).items())
            line.sendall(f"GET /api/tasks HTTP/1.1\r\nHost: test\r\n{head}\r\n".encode())
        return [raw_http.receive(line) for line in lines]
