"""Unusual but valid requests: one response each, and the next request is served."""

import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.raw_http import NEXT, assert_refused, assert_served, exchange, receive_all
from tests.support.tokens import bearer
from tests.support.users import User

LINE = b"%s %s HTTP/1.1\r\nHost: a\r\n"
HEAD = LINE % (b"GET", b"/health")
LOGIN = LINE % (b"POST", b"/api/auth/login")
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
LONGEST_URL = 8192
BODIES = {
    200: b'{"status":"healthy"}',
    400: b'{"error":"Email and password required"}',
    401: b'{"error":"Unauthorized"}',
    404: b'{"error":"Not found"}',
    414: b'{"error":"The URL is too long"}',
}
PUBLIC = [
    *(b"/health?", b"/health??", b"/health?a=%00", b"/health?a=b#c", b"/health#a", b"/he%61lth"),
    *(b"/%68%65%61%6c%74%68", b"http://a/health", b"http://evil.example/health?a"),
    *(b"https://[::1]:80/health", b"http://user:password@a/health"),
]
PRIVATE = [b"/api%2ftasks", b"/%61pi/tasks", b"http://a/api/tasks", b"/api/tasks?/health"]
UNKNOWN = [
    *(b"//health", b"/./health", b"/api/../health", b"/api/%2e%2e/health", b"/api/..%2fhealth"),
    *(b"/health\\", b"/health;a=b", b"/health%3Fa=b", b"/health%00", b"/health%0A", b"/health%20"),
    *(b"/health%0D%0AX:%20y", b"/api/tasks%0A", b"/api/tasks%0A?limit=1", b"/%c0%afhealth"),
    *(b"/%ff", b"/%", b"/%2", b"/%zz", b"/HEALTH", b"/%D2%BBealth", b"/%EF%BD%88ealth", b"*"),
    *(b"/docs/../service.py", b"/docs/..%2f..%2fservice.py", b"/docs/..\\..\\service.py"),
    *(b"/docs//etc/passwd", b"/docs/%2fetc%2fpasswd", b"/.env", b"/.git/config", b"/service.py"),
]
OTHER_METHODS = [b"TRACE", b"PATCH", b"PROPFIND", b"SEARCH", b"PURGE", b"M-SEARCH", b"SOURCE"]
IGNORED_FIELDS = [
    *(b"X: \xff\xfe", "X: é漢🥛".encode(), b"X:", b"X:a", b"X:" + b" \t" * 1000 + b"a"),
    *(b"X" * 10_000 + b": a", b"X: " + b"a" * 60_000, b"\r\n".join([b"X: a"] * 3_000)),
    *(b"Range: bytes=0-0", b"Range: bytes=" + b"0-," * 1000 + b"0-", b"If-None-Match: *"),
    *(b"Accept-Encoding: " + b"gzip;q=1," * 1000, b"Content-Encoding: gzip", b"Expect: a"),
    *(b"Expect: 100-continue", b"TE: trailers\r\nTrailer: X", b"X-Forwarded-Host: evil.example"),
    *(b"X-Original-URL: /api/tasks", b"X-Rewrite-URL: /api/tasks", b"X-Forwarded-Proto: https"),
    *(b"User-Agent: () { :; }; /bin/sleep 9", b"Connection: a, X, Authorization, keep-alive"),
]
FRAMED = [
    LOGIN + b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    LOGIN + b"Transfer-Encoding: \t chunked \r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    CHUNKED + b"0" * 40 + b"2\r\n{}\r\n000\r\n\r\n",
    CHUNKED + b'2;a=b;c="d"\r\n{}\r\n0;e\r\n\r\n',
    CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\nAuthorization: Bearer a\r\n\r\n",
    CHUNKED + b"1\r\n{\r\n" + b"1\r\n \r\n" * 1000 + b"1\r\n}\r\n0\r\n\r\n",
    LOGIN + b"Content-Length: 00002\r\n\r\n{}",
    LOGIN + b"Content-Length: \t2\t \r\n\r\n{}",
]
WITH_BODY = b"Content-Length: %d\r\n\r\n%s" % (2 * len(NEXT), NEXT * 2)
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(NEXT), NEXT)
REQUESTS = [
    *((LINE % (b"GET", target) + b"\r\n", 200) for target in PUBLIC),
    *((LINE % (b"GET", target) + b"\r\n", 401) for target in PRIVATE),
    *((LINE % (b"GET", target) + b"\r\n", 404) for target in UNKNOWN),
    *((LINE % (method, b"/api/tasks") + b"\r\n", 405) for method in OTHER_METHODS),
    *((HEAD + fields + b"\r\n\r\n", 200) for fields in IGNORED_FIELDS),
    *((data, 400) for data in FRAMED),
    *((b"\r\n" * lines + HEAD + b"\r\n", 200) for lines in (1, 10_000)),
    (LINE % (b"GET", b"/".ljust(LONGEST_URL, b"a")) + b"\r\n", 404),
    (LINE % (b"GET", b"/".ljust(LONGEST_URL + 1, b"a")) + b"\r\n", 414),
    (LINE % (b"PUT", b"/nowhere?" + b"a" * LONGEST_URL) + b"\r\n", 414),
    (LINE % (b"POST", b"/" + b"%41" * 20_000) + b"\r\n", 414),
    (LINE % (b"OPTIONS", b"/health") + b"\r\n", 204),
    *((HEAD + body, 200) for body in (WITH_BODY, IN_CHUNKS)),
    *((LINE % (b"POST", b"/nowhere") + body, 404) for body in (WITH_BODY, IN_CHUNKS)),
    *((LINE % (b"POST", b"/api/tasks") + body, 401) for body in (WITH_BODY, IN_CHUNKS)),
]
HOSTS = [
    *(b"", b"Host: \r\n", b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n", b"Host: [::1\r\n"),
    *(b"Host: a:99999\r\n", b"Host: \xff\r\n", b"Host: a\r\nHost: b\r\n", b"Host: <script>\r\n"),
]


@pytest.mark.parametrize(("data", "status"), REQUESTS, ids=lambda value: ascii(value)[2:60])
def test_request_gets_one_response(service: Program, data: bytes, status: int) -> None:
    responses = exchange(service, data)
    assert_served(service, responses, status)
    assert responses[0].body == BODIES.get(status, responses[0].body)


@pytest.mark.parametrize("host", HOSTS)
def test_invalid_host_is_refused_or_has_no_effect(service: Program, host: bytes) -> None:
    responses = exchange(service, b"GET /health HTTP/1.1\r\n" + host + b"\r\n")
    if responses[0].status == 400:
        assert_refused(service, responses)
    else:
        assert_served(service, responses, 200)
        assert responses[0].body == BODIES[200]


@pytest.mark.parametrize("form", ["{} ", " {}", "{}\t", "\t {} \t ", "{}" + " " * 500])
def test_blanks_around_a_value_are_not_part_of_it(service: Program, alice: User, form: str) -> None:
    body = b'{"title": "Buy milk"}'
    headers = bearer(alice.token) | {"Origin": FRONTEND, "Idempotency-Key": "key"}
    blanks = {name: form.format(value) for name, value in headers.items()}
    first, second = (
        raw_http.send(
            service.port, "POST", "/api/tasks", each | {"Content-Length": str(len(body))}, [body]
        )
        for each in (headers, blanks)
    )
    assert expect.task(first, 201) == expect.task(second, 201)
    assert second.headers["access-control-allow-origin"] == FRONTEND
    assert len(alice.tasks()) == 1


def test_method_is_not_overridden(alice: User) -> None:
    task = alice.add()
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        alice.get(f"/api/tasks/{task['id']}?_method=DELETE", headers={name: "DELETE"})
        alice.post("/api/tasks?_method=DELETE", headers={name: "DELETE"}, json={})
    assert alice.tasks() == [task]


def test_response_to_trace_repeats_nothing(service: Program) -> None:
    request = LINE % (b"TRACE", b"/health") + b"X: repeated\r\nCookie: repeated\r\n\r\n"
    assert b"repeated" not in receive_all(service, request)


@pytest.mark.parametrize(
    ("path", "status"), [(b"/health", b"200"), (b"/nowhere", b"404"), (b"/api/tasks", b"401")]
)
def test_response_to_head_has_no_body(service: Program, path: bytes, status: bytes) -> None:
    received = receive_all(service, LINE % (b"HEAD", path) + b"\r\n")
    head, next_head, body = received.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %s " % status)
    assert b"x-request-id: next" in next_head
    assert body == BODIES[200]


def test_compressed_body_is_not_unpacked(alice: User) -> None:
    body = b"\x1f\x8b\x08\x00" + bytes(100)
    for encoding in ("gzip", "deflate", "br", "zstd", "identity, gzip"):
        headers = {"Content-Encoding": encoding}
        assert alice.post("/api/tasks", content=body, headers=headers).status_code == 422
    assert alice.tasks() == []
