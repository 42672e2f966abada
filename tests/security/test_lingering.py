"""The last response of a connection reaches a client that is still sending."""

import socket
import time
from contextlib import suppress

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

MANY = 20_000_000  # bytes: more than all buffers on the way hold
CLOSE = {"Connection": "close", "Content-Length": str(MANY)}


def upload(size: int) -> list[bytes]:
    return [b" " * 1_000_000] * (size // 1_000_000)


@pytest.mark.parametrize("entitled", [True, False])
def test_who_sends_too_much_hears_it(service: Program, alice: User, entitled: bool) -> None:
    headers = CLOSE | (bearer(alice.token) if entitled else {})
    answer = raw_http.send(service.port, "POST", "/api/tasks", headers, upload(MANY))
    expect.error(answer, 413 if entitled else 401)
    assert answer.headers["connection"] == "close"


def test_what_is_behind_the_last_answer_is_not_served(service: Program, alice: User) -> None:
    hidden = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    head = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(head + b"12345")
        expect.error(raw_http.receive(connection), 401)
        connection.sendall(b"67890" + hidden)
        assert connection.recv(1) == b""


def test_nobody_lingers_for_long(service: Program) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in CLOSE.items())
        connection.sendall(f"POST /api/tasks HTTP/1.1\r\nHost: a\r\n{head}\r\n".encode())
        expect.error(raw_http.receive(connection), 401)
        assert 4 < seconds_until_cut_off(connection) < 6.5


def seconds_until_cut_off(connection: socket.socket) -> float:
    began = time.monotonic()
    with suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() - began < 8:
            connection.sendall(b" ")
            time.sleep(0.1)
    return time.monotonic() - began
