"""Header fields: malformed ones are refused, floods are bounded, others are ignored."""

import time
from collections.abc import Callable

import pytest

from tests.support.program import Program
from tests.support.raw_http import assert_refused, assert_served, exchange
from tests.support.users import User

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n"
MALFORMED = {
    "no colon": b"X",
    "no name": b": a",
    "a blank in the name": b"X Y: a",
    "a blank behind the name": b"X : a",
    "a tab behind the name": b"X\t: a",
    "a blank before the name": b" X: a",
    "a tab before the name": b"\tX: a",
    "NUL in the name": b"X\x00: a",
    "a control character in the name": b"X\x01: a",
    "a letter beyond ASCII in the name": b"X\xe9: a",
    "brackets in the name": b"X(): a",
    "an at sign in the name": b"X@: a",
    "a quote in the name": b'"X": a',
    "NUL": b"X: a\x00b",
    "a control character": b"X: a\x01b",
    "an escape": b"X: \x1b[31m",
    "delete": b"X: a\x7f",
    "a bare carriage return": b"X: a\rb",
    "a bare carriage return and a field": b"X: a\rY: b",
    "a bare line feed": b"X: a\nY: b",
    "a folded line": b"X: a\r\n b",
    "a folded line with a tab": b"X: a\r\n\tb",
    "a second request line": b"GET /health HTTP/1.1",
}
IGNORED = {
    "bytes that are no letters": b"X: \xff\xfe",
    "UTF-8": "X: é漢🥛".encode(),
    "no value": b"X:",
    "no blank": b"X:a",
    "many blanks": b"X:" + b" \t" * 1000 + b"a",
    "a name of 10,000 letters": b"X" * 10_000 + b": a",
    "a value of 60,000 letters": b"X: " + b"a" * 60_000,
    "3,000 fields": b"\r\n".join(b"X-%d: a" % number for number in range(3_000)),
    "3,000 fields of one name": b"\r\n".join([b"X: a"] * 3_000),
    "3,000 cookies": b"Cookie: " + b"; ".join(b"a%d=b" % number for number in range(3_000)),
    "a range": b"Range: bytes=0-0",
    "ranges": b"Range: bytes=" + b"0-," * 1000 + b"0-",
    "conditions": b'If-None-Match: *\r\nIf-Match: "a"\r\nIf-Modified-Since: a',
    "encodings": b"Accept-Encoding: " + b"gzip;q=1," * 1000,
    "types": b"Accept: " + b"text/html;q=0.1," * 1000,
    "an encoding of the body": b"Content-Encoding: gzip",
    "a type of the body": b"Content-Type: multipart/form-data; boundary=" + b"a" * 1000,
    "an expectation": b"Expect: a",
    "an expectation without a body": b"Expect: 100-continue",
    "trailers": b"TE: trailers\r\nTrailer: X",
    "another address": b"X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: ::1",
    "another host": b"X-Forwarded-Host: evil.example\r\nX-Host: evil.example",
    "another path": b"X-Original-URL: /api/tasks\r\nX-Rewrite-URL: /api/tasks",
    "another scheme": b"X-Forwarded-Proto: https\r\nFront-End-Https: on",
    "Shellshock": b"User-Agent: () { :; }; /bin/sleep 9",
    "log4shell": b"User-Agent: ${jndi:ldap://127.0.0.1:1/a}",
    "a connection of its own words": b"Connection: a, X, Authorization, keep-alive",
}
HOSTS = [
    *(b"", b"Host: \r\n", b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n", b"Host: [::1\r\n"),
    *(b"Host: a:99999\r\n", b"Host: \xff\r\n", b"Host: a, b\r\n", b"Host: a\r\nHost: b\r\n"),
    *(b"Host: <script>\r\n", b"Host: " + b"a" * 10_000 + b"\r\n"),
]


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_field_is_refused(service: Program, name: str) -> None:
    for head in (GET + MALFORMED[name], b"GET /health HTTP/1.1\r\n" + MALFORMED[name]):
        assert_refused(service, exchange(service, head + b"\r\n\r\n"))


@pytest.mark.parametrize("name", IGNORED)
def test_a_field_that_nobody_reads_is_ignored(service: Program, name: str) -> None:
    answers = exchange(service, GET + IGNORED[name] + b"\r\n\r\n")
    assert_served(service, answers, 200)
    assert answers[0].body == b'{"status":"healthy"}'


@pytest.mark.parametrize("host", HOSTS)
def test_an_odd_host_is_refused_or_of_no_effect(service: Program, host: bytes) -> None:
    answers = exchange(service, b"GET /health HTTP/1.1\r\n" + host + b"\r\n")
    if answers[0].status == 400:
        assert_refused(service, answers)
    else:
        assert_served(service, answers, 200)
        assert answers[0].body == b'{"status":"healthy"}'


@pytest.mark.parametrize(
    "flood",
    [
        b"X: " + b"a" * 1_000_000,
        b"X" * 1_000_000 + b": a",
        b"\r\n".join(b"X-%d: a" % number for number in range(100_000)),
        b"\r\n".join([b"Connection: a"] * 100_000),
        b"\r\n".join([b"Authorization: Bearer a"] * 40_000),
    ],
    ids=["one long value", "one long name", "10^5 fields", "10^5 of one name", "tokens"],
)
def test_a_flood_of_fields_is_bounded(
    service: Program,
    flood: bytes,
    request: pytest.FixtureRequest,
    figure: Callable[[str, object], None],
) -> None:
    began = time.perf_counter()
    answers = exchange(service, GET + flood + b"\r\n\r\n")
    seconds = time.perf_counter() - began
    assert [answer.status for answer in answers] in ([431], [])  # a reset may overtake it
    assert service.healthy()
    assert seconds < 2
    figure(f"flood of headers, {request.node.callspec.id}: refused within", f"{seconds:.3f} s")


def test_a_client_that_asks_whether_to_go_on_is_told_once(service: Program) -> None:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
    assert_served(service, exchange(service, head + b"Content-Length: 2\r\n\r\n", b"{}"), 100, 400)
    assert_served(service, exchange(service, head + b"Content-Length: 2\r\n\r\n{}"), 100, 400)
    unread = head.replace(b"/api/auth/login", b"/api/tasks") + b"Content-Length: 2\r\n\r\n"
    assert_served(service, exchange(service, unread, b"{}"), 401)


def test_a_body_in_another_encoding_is_not_unpacked(alice: User) -> None:
    bomb = b"\x1f\x8b\x08\x00" + bytes(100)
    for encoding in ("gzip", "deflate", "br", "zstd", "identity, gzip"):
        headers = {"Content-Encoding": encoding}
        assert alice.post("/api/tasks", content=bomb, headers=headers).status_code == 422
    assert alice.tasks() == []
