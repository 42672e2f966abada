"""What is no HTTP is refused in our words, and the next request is served."""

import socket
from collections.abc import Callable

import httpx
import pytest

from tests.support.program import Program
from tests.support.raw_http import assert_refused, assert_served, exchange

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n"
LONGEST_URL = 8192
NO_HTTP = {
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "TLS, an alert": bytes.fromhex("15030300020100"),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": b"EHLO a\r\nMAIL FROM:<a@example.com>\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "PostgreSQL": bytes.fromhex("0000000804d2162f"),
    "memcached": b"stats\r\n",
    "SOCKS": bytes.fromhex("050100"),
    "a proxy's header": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GET + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    "HTTP/2 without its preface": bytes.fromhex("000000040000000000"),
    "WebSocket frames": bytes.fromhex("818537fa213d7f9f4d5158"),
    "binary": bytes(range(256)),
    "NUL": bytes(1000),
    "words": b"hello\r\n\r\n",
    "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "JSON": b'{"title": "a"}\r\n\r\n',
    "no version": b"GET /health HTTQ/1.1\r\nHost: a\r\n\r\n",
    "bare line feeds": b"GET /health HTTP/1.1\nHost: a\n\n",
    "bare carriage returns": b"GET /health HTTP/1.1\rHost: a\r\r",
    "a blank line that is not empty": b" \r\n" + GET + b"\r\n",
    "a blank before": b" " + GET + b"\r\n",
    "tabs": b"GET\t/health\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "a byte order mark": b"\xef\xbb\xbf" + GET + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    **{
        f"version {version!r}": b"GET /health %s\r\nHost: a\r\n\r\n" % version
        for version in (
            *(b"HTTP/1.2", b"HTTP/3", b"HTTP/9.9", b"HTTP/1", b"HTTP/1.10", b"HTTP/01.1"),
            *(
                b"HTTP/-1.1",
                b"HTTP/ 1.1",
                b"HTTP/1.1 a",
                b"HTTP/1.1\x00",
                b"http/1.1",
                b"HTTPS/1.1",
            ),
            *(b"XTTP/1.1", b"ICE/1.0", b"HTTP/1,1", b"HTTP/1.a", b"/1.1"),
        )
    },
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


def test_http_of_1996_is_answered_once_and_hung_up_on(service: Program) -> None:
    for more in (b"", b"Connection: keep-alive\r\n"):
        head = b"GET /health HTTP/1.0\r\n" + more + b"\r\n"
        assert_refused(service, exchange(service, head, head), 200)


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0"])
def test_another_version_gets_no_more_answers_than_it_asks_for(
    service: Program, version: bytes
) -> None:
    answers = exchange(service, b"GET /health %s\r\nHost: a\r\n\r\n" % version)
    assert len(answers) <= 2
    assert answers[0].status in {200, 400, 505}
    assert service.healthy()


def test_http_before_there_were_headers_is_answered_once(service: Program) -> None:
    answers = exchange(service, b"GET /health\r\n\r\n")
    assert_refused(service, answers, answers[0].status)
    assert answers[0].status in {200, 400}


@pytest.mark.parametrize("lines", [1, 3, 10_000])
def test_empty_lines_before_a_request_are_passed_over(service: Program, lines: int) -> None:
    assert_served(service, exchange(service, b"\r\n" * lines + GET + b"\r\n"), 200)


@pytest.mark.parametrize("times", [2, 100, 1000])
def test_requests_in_a_row_are_answered_in_a_row(
    service: Program, times: int, figure: Callable[[str, object], None]
) -> None:
    ids = [f"request-{number}" for number in range(times)]
    row = b"".join(GET + f"X-Request-ID: {each}\r\n\r\n".encode() for each in ids)
    answers = exchange(service, row)
    assert_served(service, answers, *[200] * times)
    assert [answer.headers["x-request-id"] for answer in answers[:-1]] == ids
    figure("requests pipelined in one go, answered in order", len(answers))


def test_a_request_may_come_byte_by_byte(service: Program) -> None:
    request = [bytes([byte]) for byte in GET + b"\r\n"]
    assert_served(service, exchange(service, *request, b"", pause=0.001), 200)


@pytest.mark.parametrize("piece", [b"a", b"%41", b"../", b"/", b"%00"])
def test_a_url_that_is_too_long_is_414(service: Program, piece: bytes) -> None:
    filled = b"/" + piece * (LONGEST_URL // len(piece))
    for length, status in ((LONGEST_URL, 404), (LONGEST_URL + 1, 414), (60_000, 414)):
        url = (filled * 8)[:length]
        answers = exchange(service, b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % url)
        assert_served(service, answers, status)
    assert answers[0].body == b'{"error":"The URL is too long"}'


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS"])
def test_the_query_is_part_of_the_url_that_is_too_long(service: Program, method: bytes) -> None:
    for path in (b"/health", b"/api/tasks", b"/nowhere"):
        target = path + b"?" + b"a" * LONGEST_URL
        answers = exchange(service, b"%s %s HTTP/1.1\r\nHost: a\r\n\r\n" % (method, target))
        assert_served(service, answers, 414)
        assert answers[0].body == b'{"error":"The URL is too long"}'
        assert answers[0].headers["x-content-type-options"] == "nosniff"


def test_a_url_beyond_all_bounds_is_refused(service: Program) -> None:
    answers = exchange(service, b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 200_000))
    assert_refused(service, answers, answers[0].status)
    assert answers[0].status in {400, 414, 431}


def test_a_head_without_end_is_cut_off(service: Program) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        flood = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 500) for number in range(20_000))
        with pytest.raises(OSError, match=r"reset|Broken"):  # it has been answered and closed
            connection.sendall(flood)
