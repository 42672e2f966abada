"""A client that has closed its sending half still gets its answer (RFC 9112, section 9.6)."""

import socket

from tests.support import raw_http
from tests.support.program import Program
from tests.support.users import User


def test_a_whole_request_is_answered(service: Program, alice: User) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        token = alice.token.encode()
        connection.sendall(
            b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
            b'Content-Length: 17\r\n\r\n{"title": "last"}' % token
        )
        connection.shutdown(socket.SHUT_WR)
        answer = raw_http.receive(connection)
        assert answer.status_code == 201
        assert answer.headers["connection"] == "close"
        assert connection.recv(1) == b""


def test_half_a_request_is_not_answered(service: Program, alice: User) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(
            b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
            b'Content-Length: 30\r\n\r\n{"title": "half"}' % alice.token.encode()
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert alice.tasks() == []
