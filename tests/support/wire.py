"""Requests byte by byte, for what a decent HTTP client refuses to send."""

import http.client
import socket
from collections.abc import Iterable, Mapping

import httpx


def send(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Iterable[bytes] = (),
    timeout: float = 10,
) -> httpx.Response:
    """Send a head and as much of the body as the server takes; its answer."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: test\r\n{head}\r\n".encode("latin-1")
        )
        try:
            for piece in body:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has heard enough; the answer lies in our buffer
        return receive(connection, method)


def receive(connection: socket.socket, method: str = "GET") -> httpx.Response:
    with http.client.HTTPResponse(connection, method=method) as answer:
        answer.begin()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def chunks(size: int, times: int) -> Iterable[bytes]:
    """A chunked body of blanks, `times` chunks of `size`, and its end."""
    for _ in range(times):
        yield f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    yield b"0\r\n\r\n"
