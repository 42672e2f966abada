"""What is no HTTP is refused in our words, and the next request is served."""

import socket

import httpx
import pytest

from tests.support.program import Program

NO_HTTP = {
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "binary": bytes(range(256)),
    "no version": b"GET / HTTQ/1.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feed in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
}


def say(service: Program, data: bytes) -> bytes:
    """All that the service answers before it hangs up."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP)
def test_what_is_no_http_is_a_400(service: Program, http: httpx.Client, data: bytes) -> None:
    head, _, body = say(service, data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/json" in head
    assert body == b'{"error":"This is not a valid HTTP request"}'
    assert http.get("/health").status_code == 200


def test_a_head_without_end_is_cut_off(service: Program) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        flood = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 500) for number in range(20_000))
        with pytest.raises(OSError, match=r"reset|Broken"):  # it has been answered and closed
            connection.sendall(flood)
