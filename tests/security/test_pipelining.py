"""One answer for each request, in their order, also where something is wrong behind it."""

import pytest

from tests.support.program import Program
from tests.support.raw_http import NEXT, assert_refused, exchange
from tests.support.users import User

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n"
UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "TLS": b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    "something": b"Connection: keep-alive, upgrade\r\nUpgrade: a, b/1\r\n",
}


def in_one_or_two(*pieces: bytes) -> list[tuple[bytes, ...]]:
    """The pieces as they are, and all in one."""
    return [pieces, (b"".join(pieces),)]


def nothing(pieces: tuple[bytes, ...]) -> list[list[int]]:
    """No answer at all, where all came in one: a reset may overtake what was answered."""
    return [[]] if len(pieces) == 1 else []


@pytest.mark.parametrize(("path", "status"), [(b"/api/tasks", 401), (b"/nowhere", 404)])
def test_what_is_wrong_behind_an_answer_gets_no_second_one(
    service: Program, path: bytes, status: int
) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    for wrong in (b"zz\r\n", b"2\r\n{}\r\nzz\r\n", b"-1\r\n", b"0\r\nX\r\n\r\n"):
        assert_refused(service, exchange(service, head, wrong), status)


def test_rubbish_behind_a_request_is_not_answered_in_its_place(service: Program) -> None:
    for rubbish in (b"rubbish\r\n\r\n", bytes(100), b"GET /health HTTP/9.9\r\n\r\n"):
        for pieces in in_one_or_two(GET + b"\r\n", rubbish):
            statuses = [answer.status for answer in exchange(service, *pieces)]
            assert statuses in ([200], [200, 400], *nothing(pieces))


def test_rubbish_behind_a_slow_request_is_not_answered_in_its_place(service: Program) -> None:
    body = b'{"email": "nobody@example.com", "password": "12345678"}'
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
    for pieces in in_one_or_two(head + body, b"rubbish\r\n\r\n"):
        statuses = [answer.status for answer in exchange(service, *pieces)]
        assert statuses in ([401], [401, 400], *nothing(pieces))
    assert service.healthy()


def test_a_change_is_not_called_a_mistake_for_what_stands_behind_it(
    service: Program, alice: User
) -> None:
    head = f"Host: a\r\nAuthorization: Bearer {alice.token}\r\nContent-Length: 14\r\n\r\n".encode()
    request = b"POST /api/tasks HTTP/1.1\r\n" + head + b'{"title": "a"}'
    for pieces in in_one_or_two(request, b"rubbish\r\n\r\n"):
        statuses = [answer.status for answer in exchange(service, *pieces)]
        assert statuses in ([201], [201, 400], *nothing(pieces))


@pytest.mark.parametrize("name", UPGRADES)
def test_upgrade_is_ignored_and_ends_the_connection(service: Program, name: str) -> None:
    for pieces in in_one_or_two(GET + UPGRADES[name] + b"\r\n", GET + b"\r\n"):
        responses = exchange(service, *pieces)
        assert_refused(service, responses, 200)
        assert responses[0].headers["connection"] == "close"


@pytest.mark.parametrize("length", [b"Transfer-Encoding: chunked", b"Content-Length: 21"])
@pytest.mark.parametrize("name", UPGRADES)
def test_upgrade_with_a_body_is_refused(
    service: Program, alice: User, name: str, length: bytes
) -> None:
    head = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
    head += alice.token.encode() + b"\r\n" + UPGRADES[name] + length + b"\r\n\r\n"
    assert_refused(service, exchange(service, head, b'{"title": "upgraded"}'), 400)
    assert alice.tasks() == []


@pytest.mark.parametrize("target", [b"a:443", b"/health", b"*", b"/api/tasks", b"http://a/health"])
def test_there_is_no_tunnel(service: Program, target: bytes) -> None:
    head = b"CONNECT %s HTTP/1.1\r\nHost: a\r\n\r\n" % target
    for pieces in in_one_or_two(head, NEXT.replace(b"close", b"keep-alive")):
        answers = exchange(service, *pieces)
        assert_refused(service, answers, answers[0].status)
        assert answers[0].status in {400, 404, 405, 501}
