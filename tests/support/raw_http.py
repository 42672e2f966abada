"""Requests and responses as bytes, for what an HTTP client refuses to send or hides."""

import http.client
import json
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import httpx

from tests.support.program import Program

NEXT = b"GET /health HTTP/1.1\r\nHost: test\r\nX-Request-ID: next\r\nConnection: close\r\n\r\n"
"""The last request on a connection; its response shows that the service is still in step."""


class Response(NamedTuple):
    """A response as it was received."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(service: Program, *pieces: bytes, pause: float = 0.05) -> list[Response]:
    """Send the pieces and NEXT; return all responses. None may be to HEAD, which has no body."""
    return list(_parse(receive_all(service, *pieces, pause=pause)))


def receive_all(service: Program, *pieces: bytes, pause: float = 0.05) -> bytes:
    """Send the pieces one by one, NEXT with the last; return all bytes until the end."""
    *first, last = pieces
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # the server may have stopped reading
            for piece in first:
                connection.sendall(piece)
                time.sleep(pause)
            connection.sendall(last + NEXT)
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    return received


def _parse(received: bytes) -> list[Response]:
    responses = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, f"a part of a response: {head!r}"
        status, *lines = head.decode("latin-1").split("\r\n")
        assert status.startswith("HTTP/1.1 "), status
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        responses.append(Response(int(status.split()[1]), headers, received[:length]))
        assert len(responses[-1].body) == length, "a part of a body"
        received = received[length:]
    return responses


def assert_served(service: Program, responses: list[Response], *statuses: int) -> None:
    """Assert these statuses and the response to NEXT; other clients are served too."""
    assert [response.status for response in responses] == [*statuses, 200]
    assert responses[-1].headers["x-request-id"] == "next"
    _assert_well_formed(service, responses)


def assert_refused(service: Program, responses: list[Response], *statuses: int) -> None:
    """Assert these statuses, one 400 by default, and then the end of the connection."""
    assert [response.status for response in responses] == [*(statuses or [400])]
    assert "next" not in {response.headers.get("x-request-id") for response in responses}
    _assert_well_formed(service, responses)


def _assert_well_formed(service: Program, responses: list[Response]) -> None:
    for response in (each for each in responses if each.status >= 200):
        assert response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"
        if response.status >= 400:
            assert list(json.loads(response.body)) == ["error"]
            assert response.headers["content-type"] == "application/json"
    assert service.healthy()


def send(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Iterable[bytes] = (),
    timeout: float = 10,
) -> httpx.Response:
    """Send a head and as much of the body as the server takes; return the response."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: test\r\n{head}\r\n".encode("latin-1")
        )
        try:
            for piece in body:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has stopped reading; the response is in the buffer
        return receive(connection, method)


def receive(connection: socket.socket, method: str = "GET") -> httpx.Response:
    with http.client.HTTPResponse(connection, method=method) as response:
        response.begin()
        return httpx.Response(
            response.status, headers=response.getheaders(), content=response.read()
        )


def chunks(size: int, times: int) -> Iterable[bytes]:
    """A chunked body: `times` chunks of `size` blanks, and the end."""
    for _ in range(times):
        yield f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    yield b"0\r\n\r\n"
