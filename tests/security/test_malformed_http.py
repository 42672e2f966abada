"""Requests that are not valid HTTP/1.1: one 400, and the end of the connection."""

from collections.abc import Iterable

import pytest

from tests.support.program import Program
from tests.support.raw_http import assert_refused, exchange

HEAD = b"GET /health HTTP/1.1\r\nHost: a\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\n"
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH_AND_CHUNKS = LOGIN + b"Content-Length: %d\r\nTransfer-Encoding: %s\r\n\r\n%s"
SMUGGLED = b"GET /api/tasks HTTP/1.1\r\nHost: a\r\nX: "

OTHER_PROTOCOLS = {
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "SMTP": b"EHLO a\r\nMAIL FROM:<a@example.com>\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "PostgreSQL": bytes.fromhex("0000000804d2162f"),
    "PROXY": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + HEAD + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    "WebSocket": bytes.fromhex("818537fa213d7f9f4d5158"),
    "HTTP response": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "JSON": b'{"title": "a"}\r\n\r\n',
    "NUL": bytes(1000),
    "bare line feeds": b"GET /health HTTP/1.1\nHost: a\n\n",
    "bare carriage returns": b"GET /health HTTP/1.1\rHost: a\r\r",
    "line of a blank": b" \r\n" + HEAD + b"\r\n",
    "blank before": b" " + HEAD + b"\r\n",
    "tabs": b"GET\t/health\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "byte order mark": b"\xef\xbb\xbf" + HEAD + b"\r\n",
}
METHODS = [
    *(b"get", b"M" * 10_000, b"", b"G\xffT", b"GET\x00", b"GET,POST", b"GET(", b"GET:", b"GE"),
    *(b"GETS", b"BREW", b"DESCRIBE"),
]
TARGETS = [
    *(b"", b"health", b"\\health", b"a:80", b"javascript:alert(1)", b"http://", b"http://[::1]:x/"),
    *(b"/he alth", b"/health\t", b"/health\x0b", b"/health\x00", b"/health\x7f", b"/h\xc3\xa9"),
    *(b"/h\xff", b"/health?\xff"),
]
VERSIONS = [
    *(b"HTTP/1.2", b"HTTP/3", b"HTTP/9.9", b"HTTP/1", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/-1.1"),
    *(b"HTTP/ 1.1", b"HTTP/1.1 a", b"HTTP/1.1\x00", b"http/1.1", b"HTTPS/1.1", b"HTTQ/1.1"),
    *(b"ICE/1.0", b"HTTP/1,1", b"HTTP/1.a", b"/1.1"),
]
FIELDS = [
    *(b"X", b": a", b"X Y: a", b"X : a", b"X\t: a", b" X: a", b"\tX: a", b"X\x00: a", b"X\x01: a"),
    *(b"X\xe9: a", b"X(): a", b"X@: a", b'"X": a', b"X: a\x00b", b"X: a\x01b", b"X: \x1b[31m"),
    *(b"X: a\x7f", b"X: a\rb", b"X: a\rY: b", b"X: a\nY: b", b"X: a\r\n b", b"X: a\r\n\tb"),
    b"GET /health HTTP/1.1",
]
TRANSFER_ENCODINGS = [
    *(b"identity", b"xchunked", b"gzip", b"", b"chunked, identity", b"chunked, chunked"),
    *(b"chunked;q=1", b"chunked,", b'"chunked"', b"'chunked'", b"chunked\x0b", b"ch\xf6nked"),
    *(b"x\r\n chunked", b"\r\n chunked", b"x\nTransfer-Encoding: chunked"),
    *(b"x\rTransfer-Encoding: chunked", b"chunked\r\nTransfer-Encoding: identity"),
    *(b"chunked\r\nTransfer-Encoding: chunked", b"x\r\nTransfer-Encoding : chunked"),
]
LENGTHS = [
    *(b"2\r\nContent-Length: 3", b"2\r\nContent-Length: 2", b"2\r\nContent-Length : 2", b"2, 3"),
    *(b"2, 2", b"+2", b"-2", b"-0", b"0x2", b"2.0", b"2e0", b"1_0", b"2 2", b"2;", b"2\x00"),
    *("٢".encode(), b"two", b"", b"18446744073709551618", b"9" * 20, b"\r\n 2"),
]
BOTH = [
    *((6, b"chunked", b"0\r\n\r\nG"), (4, b"chunked", b"2a\r\n" + SMUGGLED + b"\r\n0\r\n\r\n")),
    *((5, b"CHUNKED", b"0\r\n\r\n" + SMUGGLED), (46, b"gzip, chunked", b"0\r\n\r\n" + SMUGGLED)),
]
CHUNK_SIZES = [
    *(b"-2", b"+2", b"0x2", b"g", b"", b" 2", b"2 ", b"2,", b"10000000000000002", b"f" * 17),
    *(b"2\r", b"2;", b'2;a="', b"2;a\nb", b"2;" + b"a=b;" * 5000),
]
CHUNKS = [
    *(b"2\n{}\n0\n\n", b"2\r\n{} \r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n", b"2\r\n{}XX0\r\n\r\n"),
    *(b"2\r\n{}\r\n-0\r\n\r\n", b"2\r\n{}\r\n0\r\nX\r\n\r\n", b"2\r\n{}\r\n0\r\nX : y\r\n\r\n"),
    b"2\r\n{}\r\n0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
]


def cases(kind: str, form: bytes, values: Iterable[object]) -> list[object]:
    return [pytest.param(form % value, id=f"{kind} {ascii(value)[:40]}") for value in values]


MALFORMED = [
    *(pytest.param(data, id=name) for name, data in OTHER_PROTOCOLS.items()),
    *cases("method", b"%s /health HTTP/1.1\r\nHost: a\r\n\r\n", METHODS),
    *cases("target", b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n", TARGETS),
    *cases("version", b"GET /health %s\r\nHost: a\r\n\r\n", VERSIONS),
    *cases("field", HEAD + b"%s\r\n\r\n", FIELDS),
    *cases(
        "encoding",
        LOGIN + b"Transfer-Encoding: %s\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        TRANSFER_ENCODINGS,
    ),
    *cases(
        "encoding and length",
        LOGIN + b"Content-Length: 2\r\nTransfer-Encoding: %s\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        TRANSFER_ENCODINGS,
    ),
    *cases("length", LOGIN + b"Content-Length: %s\r\n\r\n{}", LENGTHS),
    *cases("length and chunks", LENGTH_AND_CHUNKS, BOTH),
    *cases("chunk size", CHUNKED + b"%s\r\n{}\r\n0\r\n\r\n", CHUNK_SIZES),
    *cases("chunk", CHUNKED + b"%s", CHUNKS),
]


@pytest.mark.parametrize("data", MALFORMED)
def test_malformed_request_is_400(service: Program, data: bytes) -> None:
    responses = exchange(service, data)
    assert_refused(service, responses)
    assert responses[0].body == b'{"error":"This is not a valid HTTP request"}'
