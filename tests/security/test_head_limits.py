"""Limits on the bytes of heads and trailers."""

import socket
import time

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.raw_http import exchange
from tests.support.users import User

LARGEST_HEAD = 65_536
TOO_LARGE = "The request's headers are too large"
REQUEST_ID = "my-request"
GET = b"GET /health HTTP/1.1\r\nHost: test\r\n"
FROM_FRONTEND = f"Origin: {FRONTEND}\r\nX-Request-ID: {REQUEST_ID}\r\n".encode()
FLOODS = {
    "long value": b"X: " + b"a" * 1_000_000,
    "long name": b"X" * 1_000_000 + b": a",
    "many names": b"\r\n".join(b"X-%d: a" % number for number in range(100_000)),
    "one name": b"\r\n".join([b"Connection: a"] * 100_000),
}


def connect(program: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", program.port), timeout=10)


def assert_common_error(response: httpx.Response, status: int, sentence: str) -> None:
    """Assert the headers of any other response to FROM_FRONTEND."""
    expect.error(response, status, sentence)
    expect.common_headers(response, "/health", FRONTEND)
    assert response.headers["x-request-id"] == REQUEST_ID


@pytest.mark.parametrize("more", [0, 1, LARGEST_HEAD // 2])
def test_complete_head_is_limited_to_the_byte(service: Program, more: int) -> None:
    head = (GET + FROM_FRONTEND + b"X-Filler: ").ljust(LARGEST_HEAD + more - 4, b"a")
    with connect(service) as connection:
        connection.sendall(head + b"\r\n\r\n")
        response = raw_http.receive(connection)
        if more:
            assert_common_error(response, 431, TOO_LARGE)
        else:
            assert response.status_code == 200
        connection.sendall(GET + b"\r\n")
        assert raw_http.receive(connection).status_code == 200


@pytest.mark.parametrize(
    ("head", "status", "sentence"),
    [
        (b"X-Filler: ".ljust(LARGEST_HEAD, b"a"), 431, TOO_LARGE),
        (b"Accept: */*\r\nmalformed\r\n\r\n", 400, "This is not a valid HTTP request"),
    ],
    ids=["head without an end", "malformed"],
)
def test_refusal_of_a_head_has_the_common_headers_and_ends_the_connection(
    service: Program, head: bytes, status: int, sentence: str
) -> None:
    with connect(service) as connection:
        connection.sendall(GET + FROM_FRONTEND + head)
        response = raw_http.receive(connection)
        assert connection.recv(1) == b""
    assert_common_error(response, status, sentence)
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("pieces", [1, 3])
def test_flood_of_header_fields_is_cut_off(service: Program, name: str, pieces: int) -> None:
    flood, began = GET + FLOODS[name] + b"\r\n\r\n", time.perf_counter()
    size = len(flood) // pieces + 1
    responses = exchange(service, *(flood[at : at + size] for at in range(0, len(flood), size)))
    assert [response.status for response in responses] in ([431], [])  # a reset may overtake it
    assert time.perf_counter() - began < 2
    assert service.healthy()


@pytest.mark.parametrize("size", [0, 10_000_000])
def test_trailers_are_limited_and_are_not_headers(service: Program, alice: User, size: int) -> None:
    head = "POST /api/tasks HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
    head += f"Authorization: Bearer {alice.token}\r\n\r\n"
    trailer = b"X-Request-ID: trailer" + b"a" * size + b"\r\n\r\n"
    body = b'12\r\n{"title": "chunk"}\r\n0\r\n'
    responses = exchange(service, head.encode() + body + trailer)
    statuses = [response.status for response in responses]
    assert statuses in ([[431], []] if size else [[201, 200]])  # a reset may overtake the 431
    assert len(alice.tasks()) == (0 if size else 1)
    assert "trailer" not in {response.headers["x-request-id"] for response in responses}
