"""What one client, or many, may hold: connections, URLs, heads, trailers, and time."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program, eventually
from tests.support.sql import Sql
from tests.support.users import ADD_TASK, User

CROWD = 20
TOLD = 100  # connections beyond the bound that still hear why
LONGEST_URL = 8192
LARGEST_HEAD = 65_536
TOO_LARGE = "The request's headers are too large"
PATIENCE = 65  # seconds: the longest that anything may stand still
FROM_US = f"Origin: {FRONTEND}\r\nX-Request-ID: mine\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.fixture(scope="module")
def small(start: Callable[..., Program], database_url: str) -> Iterator[Program]:
    program = start(database_url, MAX_CONNECTIONS=str(CROWD))
    yield program
    program.stop()


def connect(program: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", program.port), timeout=10)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the service hangs up."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def test_connections_beyond_the_bound_are_told_so(small: Program) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(connect(small)) for _ in range(CROWD)]
        time.sleep(0.2)
        with httpx.Client(base_url=small.url) as http:
            answer = http.get("/api/tasks", headers={"Origin": FRONTEND})
        expect.error(answer, 503, "Too many connections, please try again")
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["connection"] == "close"
        assert answer.headers["access-control-allow-origin"] == FRONTEND
        crowd[0].sendall(HEALTH)
        assert raw_http.receive(crowd[0]).status_code == 200
    assert eventually(small.healthy)


def test_a_crowd_that_does_not_listen_is_hung_up_on(small: Program) -> None:
    with ExitStack() as stack:
        for _ in range(CROWD + TOLD):
            stack.enter_context(connect(small))
        time.sleep(0.2)
        with connect(small) as one_more:
            assert everything(one_more) == b""
    assert eventually(small.healthy)
    assert small.records("Traceback") == []


@pytest.mark.parametrize(("length", "status"), [(LONGEST_URL, 404), (LONGEST_URL + 1, 414)])
def test_urls_are_bounded(service: Program, length: int, status: int) -> None:
    answer = raw_http.send(service.port, "GET", "/".ljust(length, "a"), {"Origin": FRONTEND})
    expect.error(answer, status, "The URL is too long" if status == 414 else "Not found")
    assert answer.headers["access-control-allow-origin"] == FRONTEND


def last_answer(service: Program, sent: bytes) -> httpx.Response:
    """The answer to something that was read to its last byte; then the service hangs up."""
    with connect(service) as connection:
        connection.sendall(sent)
        answer = raw_http.receive(connection)
        assert everything(connection) == b""
    assert answer.headers["connection"] == "close"
    return answer


def refused_as_any_other(answer: httpx.Response, status: int, sentence: str) -> None:
    """As the answer to a request with FRONTEND's Origin and an id of its own."""
    expect.error(answer, status, sentence)
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == FRONTEND
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"


def head_of(size: int, *, end: bytes = b"\r\n\r\n") -> bytes:
    """A head of so many bytes, from the frontend and with an id."""
    begun = b"GET /health HTTP/1.1\r\nHost: test\r\n" + FROM_US + b"X-Filler: "
    return begun.ljust(size - len(end), b"a") + end


def test_a_head_without_an_end_is_refused_when_it_is_a_little_too_large(service: Program) -> None:
    answer = last_answer(service, head_of(LARGEST_HEAD + 1, end=b""))
    refused_as_any_other(answer, 431, TOO_LARGE)
    assert service.healthy()


@pytest.mark.parametrize("more", [0, 1, LARGEST_HEAD // 2])
def test_a_whole_head_is_bounded_to_the_byte(service: Program, more: int) -> None:
    with connect(service) as connection:
        connection.sendall(head_of(LARGEST_HEAD + more))
        answer = raw_http.receive(connection)
        if more:
            refused_as_any_other(answer, 431, TOO_LARGE)
        else:
            assert answer.status_code == 200
        connection.sendall(HEALTH)
        assert raw_http.receive(connection).status_code == 200


def test_what_is_no_http_is_refused_as_any_other_request(service: Program) -> None:
    sent = b"GET /health HTTP/1.1\r\nHost: test\r\n" + FROM_US + b"Accept: */*\r\nno field\r\n\r\n"
    refused_as_any_other(last_answer(service, sent), 400, "This is not a valid HTTP request")


@pytest.mark.parametrize("pieces", [1, 3])
def test_heads_are_bounded_however_they_arrive(service: Program, pieces: int) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: test\r\nX-Filler: ".ljust(LARGEST_HEAD * 2, b"a")
    head += b"\r\n\r\n"
    size = len(head) // pieces + 1
    with connect(service) as connection:
        for start in range(0, len(head), size):
            try:
                connection.sendall(head[start : start + size])
            except OSError:
                break
            time.sleep(0.02)
        answer = everything(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert service.healthy()


def chunked(trailer: bytes, token: str) -> bytes:
    return (
        b"POST /api/tasks HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
        b"Authorization: Bearer %s\r\n\r\n"
        % token.encode()
        + b"12\r\n"
        + b'{"title": "chunk"}'
        + b"\r\n0\r\n"
        + trailer
    )


def test_trailers_are_not_headers(service: Program, alice: User) -> None:
    trailer = b"X-Request-ID: from-the-trailer\r\n\r\n"
    with connect(service) as connection:
        connection.sendall(chunked(trailer, alice.token))
        answer = raw_http.receive(connection)
        assert answer.status_code == 201
        assert answer.headers["x-request-id"] != "from-the-trailer"
        connection.sendall(HEALTH)
        assert raw_http.receive(connection).status_code == 200


def test_trailers_are_bounded(service: Program, alice: User) -> None:
    with connect(service) as connection:
        connection.sendall(chunked(b"X-Filler: ", alice.token))
        with pytest.raises(OSError, match=r"reset|Broken"):
            connection.sendall(b"a" * 10_000_000)
    assert alice.tasks() == []


@pytest.mark.slow
def test_what_stands_still_is_cut_off(
    service: Program, alice: User, sql: Sql, figure: Callable[[str, object], None]
) -> None:
    now, owner = datetime.now(UTC), UUID(alice.id)
    sql.many(ADD_TASK, [(uuid4(), "a" * 255, owner, now) for _ in range(20_000)])
    token = b"Authorization: Bearer %s\r\n" % alice.token.encode()
    half_body = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\n%sContent-Length: 9\r\n\r\n{" % token
    whole_list = b"GET /api/tasks HTTP/1.1\r\nHost: a\r\n%s\r\n" % token
    with_response = {
        "nothing after an empty line": b"\r\n",
        "half a head": b"GET / HTTP/1.1\r\nHost",
        "half a body": half_body,
    }
    hung_up_on = {
        "half a body that is not wanted": half_body.replace(b"Auth", b"Not-auth"),
        "an answer that is not read": whole_list,
    }
    situations = with_response | hung_up_on
    began, ended, answered = time.monotonic(), {}, {}
    with ExitStack() as stack:
        waiting = {}
        for name, data in situations.items():
            waiting[name] = stack.enter_context(connect(service))
            waiting[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            waiting[name].sendall(data)
        frontends = stack.enter_context(connect(service))
        frontends.settimeout(PATIENCE)
        frontends.sendall(b"GET / HTTP/1.1\r\n" + FROM_US + b"Host")
        waiting["half a second head"] = stack.enter_context(connect(service))
        waiting["half a second head"].sendall(HEALTH)
        assert raw_http.receive(waiting["half a second head"]).status_code == 200
        waiting["half a second head"].sendall(b"GET / HTTP")
        while waiting and time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
            for name in [name for name, each in waiting.items() if gone(service, each)]:
                ended[name] = time.monotonic() - began
                answered[name] = waiting.pop(name).recv(12) == b"HTTP/1.1 408"
        assert waiting == {}
        sentence = "The request did not arrive in time"
        refused_as_any_other(raw_http.receive(frontends), 408, sentence)
    figure("clients that stand still, cut off after", f"{max(ended.values()):.0f} s at the latest")
    assert answered == {
        name: name not in hung_up_on for name in [*situations, "half a second head"]
    }
    assert 25 < min(ended.values()) <= max(ended.values()) < PATIENCE
    assert service.records("Traceback") == []


def gone(service: Program, connection: socket.socket) -> bool:
    """Whether the service has no end of this connection any more (RFC 9293: left ESTABLISHED)."""
    port = connection.getsockname()[1]
    local, remote = f"0100007F:{service.port:04X}", f"0100007F:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return not any(line.split()[1:4] == [local, remote, "01"] for line in lines)
