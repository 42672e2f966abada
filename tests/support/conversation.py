"""HTTP byte by byte on one connection: pieces in, every answer out, also those nobody asked for."""

import json
import socket
import time
from contextlib import suppress
from typing import NamedTuple

from tests.support.program import Program

NEXT = b"GET /health HTTP/1.1\r\nHost: test\r\nX-Request-ID: next\r\nConnection: close\r\n\r\n"
"""The request that stands behind all others; its answer tells whether the service still follows."""


class Answer(NamedTuple):
    """One answer, as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


def converse(service: Program, *pieces: bytes, pause: float = 0.05) -> list[Answer]:
    """All answers to the pieces and to NEXT; none of them to HEAD, which has no body."""
    return list(_parse(hear(service, *pieces, pause=pause)))


def hear(service: Program, *pieces: bytes, pause: float = 0.05) -> bytes:
    """Say the pieces one at a time, and NEXT with the last; what comes until it hangs up."""
    *first, last = pieces
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have heard enough
            for piece in first:
                connection.sendall(piece)
                time.sleep(pause)
            connection.sendall(last + NEXT)
        heard = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                heard += piece
    return heard


def _parse(heard: bytes) -> list[Answer]:
    answers = []
    while heard:
        head, end, heard = heard.partition(b"\r\n\r\n")
        assert end, f"half an answer: {head!r}"
        status, *lines = head.decode("latin-1").split("\r\n")
        assert status.startswith("HTTP/1.1 "), status
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        answers.append(Answer(int(status.split()[1]), headers, heard[:length]))
        assert len(answers[-1].body) == length, "half a body"
        heard = heard[length:]
    return answers


def served(service: Program, answers: list[Answer], *statuses: int) -> None:
    """These answers and that to NEXT, on one connection; other clients noticed nothing."""
    assert [answer.status for answer in answers] == [*statuses, 200]
    assert answers[-1].headers["x-request-id"] == "next"
    _in_order(service, answers)


def refused(service: Program, answers: list[Answer], *statuses: int) -> None:
    """These answers, a single 400 by default, and then nothing more on this connection."""
    assert [answer.status for answer in answers] == [*(statuses or [400])]
    assert "next" not in {answer.headers.get("x-request-id") for answer in answers}
    _in_order(service, answers)


def _in_order(service: Program, answers: list[Answer]) -> None:
    for answer in (each for each in answers if each.status >= 200):
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.status >= 400:
            assert list(json.loads(answer.body)) == ["error"]
            assert answer.headers["content-type"] == "application/json"
    assert service.healthy()
