"""Where a request ends: what could be read in two ways is refused once, and hung up on."""

import pytest

from tests.support.program import Program
from tests.support.raw_http import NEXT, assert_refused, assert_served, exchange

LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\n"
CHUNKED = LOGIN + b"Transfer-Encoding: chunked\r\n\r\n"
BOTH = LOGIN + b"Content-Length: %d\r\nTransfer-Encoding: %s\r\n\r\n%s"
SMUGGLED = b"GET /api/tasks HTTP/1.1\r\nHost: a\r\nX: "
ENCODINGS = {
    "not chunked": b"identity",
    "unknown": b"xchunked",
    "compressed only": b"gzip",
    "nothing": b"",
    "chunked and then not": b"chunked, identity",
    "chunked twice": b"chunked, chunked",
    "chunked with a parameter": b"chunked;q=1",
    "chunked and a comma": b"chunked,",
    "in quotes": b'"chunked"',
    "in single quotes": b"'chunked'",
    "with a vertical tab": b"chunked\x0b",
    "with a letter beyond ASCII": b"ch\xf6nked",
    "folded": b"x\r\n chunked",
    "folded from the start": b"\r\n chunked",
    "behind a bare line feed": b"x\nTransfer-Encoding: chunked",
    "behind a bare carriage return": b"x\rTransfer-Encoding: chunked",
    "two fields, the last not chunked": b"chunked\r\nTransfer-Encoding: identity",
    "two fields, both chunked": b"chunked\r\nTransfer-Encoding: chunked",
    "in a field with a blank in its name": b"x\r\nTransfer-Encoding : chunked",
}
LENGTHS = {
    "two": b"2\r\nContent-Length: 3",
    "two of a kind": b"2\r\nContent-Length: 2",
    "a list": b"2, 3",
    "a list of a kind": b"2, 2",
    "plus": b"+2",
    "minus": b"-2",
    "minus zero": b"-0",
    "hexadecimal": b"0x2",
    "a fraction": b"2.0",
    "an exponent": b"2e0",
    "an underscore": b"1_0",
    "a blank within": b"2 2",
    "a semicolon": b"2;",
    "NUL": b"2\x00",
    "other digits": "٢".encode(),
    "a word": b"two",
    "nothing": b"",
    "2 to the 64, and 2": b"18446744073709551618",
    "20 nines": b"9" * 20,
    "folded": b"\r\n 2",
    "in a field with a blank in its name": b"2\r\nContent-Length : 2",
}
CHUNKS = {
    "negative": b"-2\r\n{}\r\n0\r\n\r\n",
    "plus": b"+2\r\n{}\r\n0\r\n\r\n",
    "hexadecimal with its mark": b"0x2\r\n{}\r\n0\r\n\r\n",
    "no digit": b"g\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "a blank before": b" 2\r\n{}\r\n0\r\n\r\n",
    "a blank behind": b"2 \r\n{}\r\n0\r\n\r\n",
    "a comma": b"2,\r\n{}\r\n0\r\n\r\n",
    "2 to the 64, and 2": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "17 digits": b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n",
    "bare line feeds": b"2\n{}\n0\n\n",
    "two carriage returns": b"2\r\r\n{}\r\n0\r\n\r\n",
    "too long for its size": b"2\r\n{} \r\n0\r\n\r\n",
    "no line end behind": b"2\r\n{}0\r\n\r\n",
    "other letters for the line end": b"2\r\n{}XX0\r\n\r\n",
    "an extension without a name": b"2;\r\n{}\r\n0\r\n\r\n",
    "an extension with an open quote": b'2;a="\r\n{}\r\n0\r\n\r\n',
    "an extension with a line feed": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "thousands of extensions": b"2;" + b"a=b;" * 5000 + b"\r\n{}\r\n0\r\n\r\n",
    "a last one below zero": b"2\r\n{}\r\n-0\r\n\r\n",
    "a trailer without a colon": b"2\r\n{}\r\n0\r\nX\r\n\r\n",
    "a trailer with a blank in its name": b"2\r\n{}\r\n0\r\nX : y\r\n\r\n",
    "a trailer that is a length": b"2\r\n{}\r\n0\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
}
GOOD = {
    "capitals": LOGIN + b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "blanks": LOGIN + b"Transfer-Encoding: \t chunked \r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "leading zeros": CHUNKED + b"0" * 40 + b"2\r\n{}\r\n000\r\n\r\n",
    "an extension": CHUNKED + b'2;a=b;c="d"\r\n{}\r\n0;e\r\n\r\n',
    "a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "a trailer that is a token": CHUNKED + b"2\r\n{}\r\n0\r\nAuthorization: Bearer a\r\n\r\n",
    "many chunks": CHUNKED + b"1\r\n{\r\n" + b"1\r\n \r\n" * 1000 + b"1\r\n}\r\n0\r\n\r\n",
    "a length with zeros": LOGIN + b"Content-Length: 00002\r\n\r\n{}",
    "a length between blanks": LOGIN + b"Content-Length: \t2\t \r\n\r\n{}",
}


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("with_length", [False, True])
def test_a_doubtful_transfer_encoding_is_refused(
    service: Program, name: str, with_length: bool
) -> None:
    length = b"Content-Length: 2\r\n" if with_length else b""
    head = LOGIN + length + b"Transfer-Encoding: " + ENCODINGS[name] + b"\r\n\r\n"
    assert_refused(service, exchange(service, head + b"2\r\n{}\r\n0\r\n\r\n"))


@pytest.mark.parametrize(
    "data",
    [
        BOTH % (6, b"chunked", b"0\r\n\r\nG"),
        BOTH % (4, b"chunked", b"2a\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"),
        BOTH % (5, b"CHUNKED", b"0\r\n\r\n" + SMUGGLED),
        BOTH % (5 + len(SMUGGLED), b"gzip, chunked", b"0\r\n\r\n" + SMUGGLED),
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\n") + b"0\r\n\r\nG",
    ],
    ids=["CL.TE", "TE.CL", "capitals", "a list", "chunks first"],
)
def test_length_and_chunks_together_are_refused(service: Program, data: bytes) -> None:
    assert_refused(service, exchange(service, data))


@pytest.mark.parametrize("name", LENGTHS)
def test_a_doubtful_length_is_refused(service: Program, name: str) -> None:
    assert_refused(
        service, exchange(service, LOGIN + b"Content-Length: %s\r\n\r\n{}" % LENGTHS[name])
    )


@pytest.mark.parametrize("name", CHUNKS)
def test_a_doubtful_chunk_is_refused(service: Program, name: str) -> None:
    assert_refused(service, exchange(service, CHUNKED + CHUNKS[name]))


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_read_in_one_way_only_is_served(service: Program, name: str) -> None:
    assert_served(service, exchange(service, GOOD[name]), 400)


def test_a_request_within_a_body_is_only_a_body(service: Program) -> None:
    inner = b"GET /api/tasks HTTP/1.1\r\nHost: a\r\n\r\n"
    for method, path, status in ((b"GET", b"/health", 200), (b"POST", b"/nowhere", 404)):
        line = b"%s %s HTTP/1.1\r\nHost: a\r\n" % (method, path)
        with_length = line + b"Content-Length: %d\r\n\r\n" % len(inner) + inner
        in_chunks = line + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(inner) + inner
        assert_served(service, exchange(service, with_length), status)
        assert_served(service, exchange(service, in_chunks + b"\r\n0\r\n\r\n"), status)


def test_a_body_after_its_refusal_is_only_a_body(service: Program) -> None:
    head = b"POST /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (3 * len(NEXT))
    assert_served(service, exchange(service, head, NEXT * 2, NEXT), 401)


def test_nothing_behind_the_last_request_is_answered(service: Program) -> None:
    last = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert_refused(service, exchange(service, last), 200)
    assert_refused(service, exchange(service, last, NEXT), 200)
