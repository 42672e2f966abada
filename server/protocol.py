"""HTTP on the wire: uvicorn's protocol, with our errors, and bounds on what a client may hold."""

import asyncio
import sys
from functools import partial
from typing import ClassVar, cast

import httptools
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.errors import HeadTooLarge, TooManyConnections, UrlTooLong
from server.lingering import Lingering
from server.raw_response import raw_answer

MAX_HEAD_BYTES = 65_536  # bytes of request line and headers, and as many of trailers
MAX_URL_BYTES = 8_192  # bytes; RFC 9110, section 4.1, asks for 8,000 at least
STALL_CHECK = 30  # seconds; what has not moved on since one look is cut off at the next
OVERFLOW = 100  # connections beyond the bound that are told so; more are hung up on


class Protocol(HttpToolsProtocol):
    """One connection: refuses what is no HTTP, and clients that are too many or do not move on."""

    shutting_down: ClassVar[bool] = False
    """Whether this process is about to end: every answer is then the last of its connection."""

    unfinished: int | None = None
    """Bytes of a head or trailer that is not complete yet, or None where none is under way."""

    watch: asyncio.TimerHandle

    data = rest = b""
    """What is being parsed, and what is to be parsed next."""

    last: Lingering | None = None
    """How the last answer of the connection is given; what comes after it is of no interest."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch the client."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.bound, self.limit_concurrency = self.limit_concurrency, None
        self.crowded = self.bound is not None and len(self.connections) > self.bound
        if self.bound is not None and len(self.connections) > self.bound + OVERFLOW:
            self.transport.abort()
        self._keep_alive()
        self.watch = self.loop.call_later(STALL_CHECK, self._look, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.watch.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a whole request also where the client has closed its half of the connection."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, in pieces that the bounds can be held against."""
        while data and not self.transport.is_closing() and not (self.last and self.last.begun):
            self.data, self.rest = data[:MAX_HEAD_BYTES], data[MAX_HEAD_BYTES:]
            super().data_received(self.data)
            if self.unfinished is not None:
                self.unfinished += len(self.data)
                if self.unfinished > MAX_HEAD_BYTES:
                    self._refuse(HeadTooLarge.status, HeadTooLarge.sentence)
            data = self.rest

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        super().on_message_begin()
        self.unfinished = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field without the blanks behind it (RFC 9110, section 5.5)."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Hand the request on, with a reason to refuse it where there is one."""
        in_one_piece, self.unfinished = not self.unfinished, None
        if self.parser.should_upgrade() and self._should_upgrade():
            return
        if not in_one_piece and self._size_of_head() > MAX_HEAD_BYTES:
            self.scope["refusal"] = HeadTooLarge  # type: ignore[typeddict-unknown-key]
        elif len(self.url) > MAX_URL_BYTES:
            self.scope["refusal"] = UrlTooLong  # type: ignore[typeddict-unknown-key]
        elif self.crowded:
            self.scope["refusal"] = TooManyConnections  # type: ignore[typeddict-unknown-key]
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        super().on_headers_complete()
        if self.shutting_down or self.parser.should_upgrade():
            self.cycle.keep_alive = False
        if self.crowded or not self.cycle.keep_alive:
            self.last = Lingering(self.transport, partial(getattr, self.cycle, "more_body"))
            self.cycle.transport = cast("asyncio.Transport", self.last)
        # Trailers are not headers (RFC 9110, section 6.5.1); nobody reads this list.
        self.headers = []

    def _size_of_head(self) -> int:
        line = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + 4 for name, value in self.headers) + 2

    def on_chunk_header(self) -> None:
        """Begin to count: behind the last chunk there may be trailers."""
        self.unfinished = 0

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on."""
        if self.unfinished is not None:
            self.unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request, also where the answer came before the end of the body."""
        super().on_message_complete()
        if self.cycle and self.cycle.response_complete:
            self.cycle.more_body = False
            self._keep_alive()

    def handle_websocket_upgrade(self) -> None:
        """Go on in HTTP/1.1: another protocol is only an offer (RFC 9110, section 7.8)."""
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        behind = self.data[cast("httptools.HttpParserUpgrade", sys.exception()).args[0] :]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.rest = b"".join([*head, b"\r\n", behind, self.rest])

    def _should_upgrade(self) -> bool:
        return self.parser.get_method() != b"CONNECT"

    def _unsupported_upgrade_warning(self) -> None:
        pass  # the answer to CONNECT is the last of its connection

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and hang up."""
        self._refuse(400, "This is not a valid HTTP request")

    def _look(self, before: object) -> None:
        """Cut the client off where it stands as it stood at the last look."""
        now = self._awaited()
        self.watch = self.loop.call_later(STALL_CHECK, self._look, now)
        if now is not None and now == before:
            if self._unanswered() and not self.transport.get_write_buffer_size():
                self._refuse(408, "The request did not arrive in time")
            else:
                self.transport.abort()

    def _awaited(self) -> object | None:
        """What the client must do next, different each time it has; None where it need not."""
        if unread := self.transport.get_write_buffer_size():
            return unread
        more_body = self.cycle and self.cycle.more_body  # also of a request that has its answer
        if self.timeout_keep_alive_task and not more_body:
            return None
        if self.cycle and not self.cycle.response_complete and not self.cycle.more_body:
            return None
        return self.cycle or self

    def _unanswered(self) -> bool:
        """Whether what has arrived of a request has no answer yet, not even part of one."""
        cycle = self.cycle
        between_requests = cycle and cycle.response_complete and not cycle.more_body
        return between_requests or not (cycle and cycle.response_started)

    def _keep_alive(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _refuse(self, status: int, sentence: str) -> None:
        self.unfinished, cycle = None, self.cycle
        if cycle and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False  # its answer is still to come, and will be the last
            self.flow.pause_reading()
            return
        if cycle and cycle.more_body and (cycle.response_started or self.pipeline):
            self.transport.close()  # it has an answer, or is not the next to get one
            return
        answer = raw_answer(
            cast("Starlette", self.app),
            status,
            sentence,
            heard=self._heard(),
            client=self.client,
            server_fields=self.server_state.default_headers,
        )
        self.transport.write(answer)
        self.transport.close()

    def _heard(self) -> dict[bytes, bytes]:
        """The header fields of the request under way, as far as they have come."""
        finished = self.cycle and self.cycle.scope is self.scope and self.cycle.response_complete
        return dict(self.scope["headers"]) if self.scope and not finished else {}
