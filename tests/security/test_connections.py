"""Several requests on one connection."""

import pytest

from tests.support.program import Program
from tests.support.raw_http import NEXT, assert_refused, assert_served, exchange
from tests.support.tokens import bearer
from tests.support.users import User

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n"
POST = b"POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %d\r\n\r\n%s"
ACCOUNT = b'{"email": "nobody@example.com", "password": "12345678"}'
TASK = b'{"title": "Buy milk"}'
BEFORE_MALFORMED = {
    "read": (b"", b"", 200),
    "log-in": (b"/api/auth/login", ACCOUNT, 401),
    "write": (b"/api/tasks", TASK, 201),
}
UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "TLS": b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
}


def authorization(user: User) -> bytes:
    return f"Authorization: {bearer(user.token)['Authorization']}\r\n".encode()


def in_one_or_two(*pieces: bytes) -> list[tuple[bytes, ...]]:
    """The pieces as they are, and joined."""
    return [pieces, (b"".join(pieces),)]


def test_pipelined_requests_are_answered_in_order(service: Program) -> None:
    ids = [f"request-{number}" for number in range(1000)]
    requests = b"".join(GET + f"X-Request-ID: {each}\r\n\r\n".encode() for each in ids)
    responses = exchange(service, requests)
    assert_served(service, responses, *[200] * len(ids))
    assert [response.headers["x-request-id"] for response in responses[:-1]] == ids


def test_request_may_arrive_byte_by_byte(service: Program) -> None:
    request = [bytes([byte]) for byte in GET + b"\r\n"]
    assert_served(service, exchange(service, *request, b"", pause=0.001), 200)


@pytest.mark.parametrize("name", BEFORE_MALFORMED)
@pytest.mark.parametrize(
    "malformed", [b"malformed\r\n\r\n", bytes(9), b"GET /health HTTP/9.9\r\n\r\n"]
)
def test_malformed_request_does_not_replace_the_response_before_it(
    service: Program, alice: User, name: str, malformed: bytes
) -> None:
    path, body, status = BEFORE_MALFORMED[name]
    request = POST % (path, authorization(alice), len(body), body) if path else GET + b"\r\n"
    for pieces in in_one_or_two(request, malformed):
        statuses = [response.status for response in exchange(service, *pieces)]
        reset = [[]] if len(pieces) == 1 else []  # a reset may overtake the response
        assert statuses in ([status], [status, 400], *reset)


@pytest.mark.parametrize(("path", "status"), [(b"/api/tasks", 401), (b"/nowhere", 404)])
@pytest.mark.parametrize("chunk", [b"zz\r\n", b"2\r\n{}\r\nzz\r\n", b"-1\r\n", b"0\r\nX\r\n\r\n"])
def test_malformed_body_after_the_response_gets_no_second_one(
    service: Program, path: bytes, status: int, chunk: bytes
) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    assert_refused(service, exchange(service, head, chunk), status)


def test_body_after_the_response_is_not_a_request(service: Program) -> None:
    head = POST % (b"/api/tasks", b"", 3 * len(NEXT), b"")
    assert_served(service, exchange(service, head, NEXT * 2, NEXT), 401)


@pytest.mark.parametrize("pieces", in_one_or_two(GET + b"Connection: close\r\n\r\n", GET + b"\r\n"))
def test_nothing_after_the_last_request_is_answered(
    service: Program, pieces: tuple[bytes, ...]
) -> None:
    assert_refused(service, exchange(service, *pieces), 200)


@pytest.mark.parametrize("fields", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0_gets_one_response(service: Program, fields: bytes) -> None:
    head = b"GET /health HTTP/1.0\r\n" + fields + b"\r\n"
    assert_refused(service, exchange(service, head, head), 200)


@pytest.mark.parametrize("line", [b"GET /health", b"GET /health HTTP/0.9", b"GET /health HTTP/2.0"])
def test_other_versions_are_refused_or_get_one_response(service: Program, line: bytes) -> None:
    responses = exchange(service, line + b"\r\n\r\n")
    assert len(responses) <= 2
    assert responses[0].status in {200, 400, 505}
    assert service.healthy()


@pytest.mark.parametrize("name", UPGRADES)
def test_upgrade_is_ignored_and_ends_the_connection(service: Program, name: str) -> None:
    for pieces in in_one_or_two(GET + UPGRADES[name] + b"\r\n", GET + b"\r\n"):
        responses = exchange(service, *pieces)
        assert_refused(service, responses, 200)
        assert responses[0].headers["connection"] == "close"


@pytest.mark.parametrize("name", UPGRADES)
@pytest.mark.parametrize("length", [b"Transfer-Encoding: chunked", b"Content-Length: 21"])
def test_upgrade_with_a_body_is_refused(
    service: Program, alice: User, name: str, length: bytes
) -> None:
    head = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\n" + authorization(alice)
    assert_refused(service, exchange(service, head + UPGRADES[name] + length + b"\r\n\r\n", TASK))
    assert alice.tasks() == []


@pytest.mark.parametrize("target", [b"a:443", b"/health", b"*", b"http://a/health"])
def test_connect_is_refused(service: Program, target: bytes) -> None:
    head = b"CONNECT %s HTTP/1.1\r\nHost: a\r\n\r\n" % target
    for pieces in in_one_or_two(head, NEXT.replace(b"close", b"keep-alive")):
        responses = exchange(service, *pieces)
        assert_refused(service, responses, responses[0].status)
        assert responses[0].status in {400, 404, 405, 501}


def test_expect_gets_100_only_where_the_body_is_wanted(service: Program) -> None:
    for path, statuses in ((b"/api/auth/login", [100, 400]), (b"/api/tasks", [401])):
        head = POST % (path, b"Expect: 100-continue\r\n", 2, b"")
        assert_served(service, exchange(service, head, b"{}"), *statuses)
