"""HTTP on the wire: uvicorn's protocol, with our errors, and bounds on what a client may hold."""

import asyncio
from typing import ClassVar, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from core.errors import TooManyConnections, UrlTooLong

LARGEST_HEAD = 65_536  # bytes of request line and headers, and as many of trailers
LONGEST_URL = 8_192  # bytes; RFC 9110, section 4.1, asks for 8,000 at least
STANDSTILL = 30  # seconds; what has not moved on since one look is cut off at the next
TOLD = 100  # connections beyond the bound that are told so; more are hung up on


class Protocol(HttpToolsProtocol):
    """One connection: refuses what is no HTTP, and clients that are too many or do not move on."""

    ending: ClassVar[bool] = False
    """Whether this process is about to end: every answer is then the last of its connection."""

    unfinished: int | None = None
    """Bytes of a head or trailer that is not complete yet, or None where none is under way."""

    watch: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to watch the client."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.bound, self.limit_concurrency = self.limit_concurrency, None
        self.crowded = self.bound is not None and len(self.connections) > self.bound
        if self.bound is not None and len(self.connections) > self.bound + TOLD:
            self.transport.abort()
        self._keep_alive()
        self.watch = self.loop.call_later(STANDSTILL, self._look, None)

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
        if len(data) > LARGEST_HEAD:
            for start in range(0, len(data), LARGEST_HEAD):
                if not self.transport.is_closing():
                    self.data_received(data[start : start + LARGEST_HEAD])
            return
        super().data_received(data)
        if self.unfinished is not None:
            self.unfinished += len(data)
            if self.unfinished > LARGEST_HEAD:
                self._refuse(431, "The request's headers are too large")

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        super().on_message_begin()
        self.unfinished = 0

    def on_headers_complete(self) -> None:
        """Hand the request on, with a reason to refuse it where there is one."""
        self.unfinished = None
        if len(self.url) > LONGEST_URL:
            self.scope["refusal"] = UrlTooLong  # type: ignore[typeddict-unknown-key]
        elif self.crowded:
            self.scope["refusal"] = TooManyConnections  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        if self.ending:
            self.cycle.keep_alive = False
        # Trailers are not headers (RFC 9110, section 6.5.1); nobody reads this list.
        self.headers = []

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
        if self.cycle.response_complete:
            self.cycle.more_body = False
            self._keep_alive()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and hang up."""
        self._refuse(400, "This is not a valid HTTP request")

    def _look(self, before: object) -> None:
        """Cut the client off where it stands as it stood at the last look."""
        now = self._awaited()
        self.watch = self.loop.call_later(STANDSTILL, self._look, now)
        if now is not None and now == before:
            if self._unanswered() and not self.transport.get_write_buffer_size():
                self._refuse(408, "The request did not arrive in time")
            else:
                self.transport.abort()

    def _awaited(self) -> object | None:
        """What the client must do next, different each time it has; None where it need not."""
        if unread := self.transport.get_write_buffer_size():
            return unread
        if self.timeout_keep_alive_task:
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
        body = msgspec.json.encode({"error": sentence})
        headers = (
            b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        self.unfinished = None
        self.transport.write(STATUS_LINE[status] + headers + body)
        self.transport.close()
