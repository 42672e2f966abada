"""The end of a connection: the last response arrives, and nobody holds it open."""

import socket
import time
from contextlib import suppress

import pytest

from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

TASK = '{"title": "Buy milk"}'
UPLOAD = 20_000_000  # bytes: more than all buffers on the way hold


@pytest.mark.parametrize(("missing", "statuses"), [(0, [201]), (1, [])])
def test_complete_request_is_answered_after_the_client_has_closed_its_side(
    service: Program, alice: User, missing: int, statuses: list[int]
) -> None:
    head = f"POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {alice.token}\r\n"
    request = f"{head}Content-Length: {len(TASK) + missing}\r\n\r\n{TASK}"
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        for status in statuses:
            response = raw_http.receive(connection)
            assert response.status_code == status
            assert response.headers["connection"] == "close"
        assert connection.recv(1) == b""
    assert len(alice.tasks()) == len(statuses)


@pytest.mark.parametrize("status", [413, 401])
def test_client_that_is_still_sending_receives_the_last_response(
    service: Program, alice: User, status: int
) -> None:
    headers = {"Connection": "close", "Content-Length": str(UPLOAD)}
    headers |= bearer(alice.token) if status == 413 else {}
    body = [b" " * (UPLOAD // 20)] * 20
    response = raw_http.send(service.port, "POST", "/api/tasks", headers, body)
    expect.error(response, status)
    assert response.headers["connection"] == "close"


def test_connection_is_closed_5_seconds_after_the_last_response(service: Program) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % UPLOAD
        )
        expect.error(raw_http.receive(connection), 401)
        began = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - began < 8:
                connection.sendall(b" ")
                time.sleep(0.1)
        assert 4 < time.monotonic() - began < 6.5
