"""Clients on connections that they keep, who account for each request while the service ends."""

import json
import socket
import threading
import time
from collections import Counter
from http.client import HTTPException, RemoteDisconnected
from select import select
from uuid import uuid4

from tests.support import raw_http
from tests.support.program import Program
from tests.support.tokens import bearer, claims, sign
from tests.support.users import new_email

PATIENCE = 20.0  # seconds
ANSWERED = "answered"
LAST = "answered with Connection: close"
CLOSED = "closed before the request had reached the service"
REFUSED = "refused: nobody listens any more"
LATE = "connected after the signal and reset"
BROKEN = "broken off"


def message(method: str, path: str, token: str = "", **fields: object) -> bytes:
    """The bytes of a request, with the fields as its JSON body."""
    body = json.dumps(fields).encode() if fields else b""
    headers = {"Host": "test", "Content-Length": str(len(body))} | (bearer(token) if token else {})
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def provided() -> str:
    """The token of a user that Better Auth made: the first write provisions it."""
    return sign(claims(str(uuid4()), email=new_email()))


class Signal:
    """SIGTERM, and when it was sent; never, at first."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.port = program.port
        self.moment = float("inf")
        self.sent = threading.Event()

    def send(self) -> None:
        assert self.program.process
        self.moment = time.monotonic()
        self.program.process.terminate()
        self.sent.set()

    def wait_for(self, seconds: float) -> None:
        """Come back so long after it was sent."""
        self.sent.wait(PATIENCE)
        time.sleep(seconds)


class Caller:
    """Asks again and again on a connection that is kept, until nobody listens any more.

    The kernel tells what became of a request that has no answer: the end of the stream where the
    service had closed the connection before the request came, a reset where it had come and was
    not read.
    """

    def __init__(self, signal: Signal, method: str, path: str, **fields: object) -> None:
        self.signal = signal
        self.message = message(method, path, provided(), **fields)
        self.fates: Counter[str] = Counter()
        self.in_flight = 0  # when the signal was sent

    def live(self) -> None:
        while not self.fates[REFUSED]:
            self.fates[self._stay()] += 1

    def _stay(self) -> str:
        """Ask on one connection for as long as it is kept; what ended it."""
        began, answers = time.monotonic(), 0
        try:
            with dial(self.signal.port) as connection:
                while (fate := self._ask(connection)) == ANSWERED:
                    answers += 1
        except ConnectionRefusedError:
            return REFUSED
        except ConnectionResetError:  # it stopped listening while we were being let in
            fate = BROKEN
        self.fates[ANSWERED] += answers
        if fate == BROKEN and not answers and began > self.signal.moment:
            return LATE
        return fate

    def _ask(self, connection: socket.socket) -> str:
        if select([connection], [], [], 0)[0]:
            return CLOSED
        sent = time.monotonic()
        try:
            connection.sendall(self.message)
            answer = raw_http.receive(connection)
        except RemoteDisconnected:
            return CLOSED if sent > self.signal.moment else BROKEN
        except (OSError, HTTPException):
            return BROKEN
        finally:
            self.in_flight += sent < self.signal.moment < time.monotonic()
        if not (answer.is_success and answer.json()):
            return BROKEN
        return LAST if answer.headers.get("connection") == "close" else ANSWERED
