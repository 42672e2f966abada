"""Limits on open connections, and on the time that a client may stall."""

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

CONNECTIONS = 20  # MAX_CONNECTIONS of the service `small`
OVERFLOW = 100  # connections beyond the limit that get a response
STALL_CHECK = 2  # seconds; the service `small` has it shortened by a plugin
FROM_FRONTEND = f"Origin: {FRONTEND}\r\n".encode()
GET = b"GET /health HTTP/1.1\r\nHost: test\r\n"
IMPATIENT = f"""
import server.protocol
from core.plugin import Plugin

server.protocol.STALL_CHECK = {STALL_CHECK}
plugin = Plugin("impatient")
"""


@pytest.fixture(scope="module")
def small(
    start: Callable[..., Program], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    directory = tmp_path_factory.mktemp("plugins")
    (directory / "mine").mkdir()
    (directory / "mine" / "impatient.py").write_text(IMPATIENT)
    plugins = {"PLUGINS": "auth,tasks,health,mine.impatient", "PYTHONPATH": str(directory)}
    program = start(database_url, MAX_CONNECTIONS=str(CONNECTIONS), **plugins)
    yield program
    assert program.records("Traceback") == []
    program.stop()


def connect(program: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", program.port), timeout=10)


def test_connections_beyond_the_limit_get_503(small: Program) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connect(small)) for _ in range(CONNECTIONS)]
        time.sleep(0.2)
        response = httpx.get(f"{small.url}/api/tasks", headers={"Origin": FRONTEND})
        expect.error(response, 503, "Too many connections, please try again")
        assert response.headers["retry-after"] == "5"
        assert response.headers["connection"] == "close"
        assert response.headers["access-control-allow-origin"] == FRONTEND
        held[0].sendall(GET + b"\r\n")
        assert raw_http.receive(held[0]).status_code == 200
    assert eventually(small.healthy)


def test_connections_far_beyond_the_limit_are_closed(small: Program) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + OVERFLOW):
            stack.enter_context(connect(small))
        time.sleep(0.2)
        with connect(small) as one_more:
            assert one_more.recv(1) == b""
    assert eventually(small.healthy)


@pytest.mark.slow
def test_stalled_clients_are_cut_off(small: Program, alice: User, sql: Sql) -> None:
    now, owner = datetime.now(UTC), UUID(alice.id)
    sql.many(ADD_TASK, [(uuid4(), "a" * 255, owner, now) for _ in range(20_000)])
    token = b"Authorization: Bearer %s\r\n" % alice.token.encode()
    post = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\n%sContent-Length: 9\r\n\r\n{"
    stalled = {  # bytes sent, status of the response
        "empty line": (b"\r\n", 408),
        "part of a head": (b"GET / HTTP/1.1\r\n" + FROM_FRONTEND + b"Host", 408),
        "part of a second head": (b"GET / HTTP", 408),
        "part of a body": (post % token, 408),
        "part of a refused body": (post % b"", 0),
        "response not read": (b"GET /api/tasks HTTP/1.1\r\nHost: a\r\n%s\r\n" % token, 0),
    }
    began, ended = time.monotonic(), {}
    with ExitStack() as stack:
        connections = {name: stack.enter_context(connect(small)) for name in stalled}
        connections["part of a second head"].sendall(GET + b"\r\n")
        assert raw_http.receive(connections["part of a second head"]).status_code == 200
        for name, connection in connections.items():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(stalled[name][0])
        while len(ended) < len(stalled) and time.monotonic() - began < 5 * STALL_CHECK:
            time.sleep(0.1)
            for name in connections.keys() - ended:
                if is_closed(small, connections[name]):
                    ended[name] = time.monotonic() - began
        assert ended.keys() == stalled.keys()
        received = {name: each.recv(4096) for name, each in connections.items()}
    assert {name: b"HTTP/1.1 408" in data for name, data in received.items()} == {
        name: status == 408 for name, (_, status) in stalled.items()
    }
    assert b"The request did not arrive in time" in received["part of a head"]
    assert f"access-control-allow-origin: {FRONTEND}".encode() in received["part of a head"]
    assert STALL_CHECK * 0.8 < min(ended.values()) < max(ended.values()) < STALL_CHECK * 4


def is_closed(service: Program, connection: socket.socket) -> bool:
    """Whether the service's end of the connection has left the state ESTABLISHED."""
    port = connection.getsockname()[1]
    local, remote = f"0100007F:{service.port:04X}", f"0100007F:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return not any(line.split()[1:4] == [local, remote, "01"] for line in lines)
