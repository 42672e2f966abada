"""The HTTP protocol: uvicorn's, with JSON errors and limits on what a client may hold."""

import asyncio
from functools import partial
from typing import ClassVar, cast

from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.errors import (
    ApiError,
    HeadTooLarge,
    TooManyConnections,
    UpgradeWithBody,
    UrlTooLong,
)
from server.lingering import Lingering
from server.raw_response import raw_response

MAX_HEAD_BYTES = 65_536  # of request line and headers; as many of trailers
MAX_URL_BYTES = 8_192  # RFC 9110, section 4.1, asks for 8,000 at least
STALL_CHECK = 30  # seconds; a client without progress between two checks is disconnected
OVERFLOW = 100  # connections over the limit that get a 503; further ones are closed


class Protocol(HttpToolsProtocol):
    """One connection: refuses malformed requests, stalled clients, and too many connections."""

    shutting_down: ClassVar[bool] = False
    """Whether this process is stopping: every response is then the last of its connection."""

    pending_header_bytes: int | None = None
    """Size of a head or trailer that is not complete yet; None where none has begun."""

    stall_timer: asyncio.TimerHandle

    last: Lingering | None = None
    """The transport of the last response; what arrives after it is ignored."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection and start the check for progress."""
        super().connection_made(cast("asyncio.Transport", transport))
        count, limit = len(self.connections), self.limit_concurrency
        self.limit_concurrency = None  # uvicorn's own response would be plain text
        excess = count - (limit or count)
        self.over_limit = excess > 0
        if excess > OVERFLOW:
            self.transport.abort()
        self._keep_alive()
        self.stall_timer = self.loop.call_later(STALL_CHECK, self._check_progress, None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers."""
        self.stall_timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Respond to a complete request even if the client has closed its side."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, in pieces small enough to check the limits."""
        while data and not self.transport.is_closing() and not (self.last and self.last.closing):
            piece, data = data[:MAX_HEAD_BYTES], data[MAX_HEAD_BYTES:]
            super().data_received(piece)
            if self.pending_header_bytes is not None:
                self.pending_header_bytes += len(piece)
                if self.pending_header_bytes > MAX_HEAD_BYTES:
                    self._refuse(HeadTooLarge.status, HeadTooLarge.sentence)

    def on_message_begin(self) -> None:
        """Start to count the bytes of the head."""
        super().on_message_begin()
        self.pending_header_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Strip blanks after the value (RFC 9110, section 5.5)."""
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Start the request, with a reason to refuse it where there is one."""
        if refusal := self._find_refusal():
            self.scope["refusal"] = refusal  # type: ignore[typeddict-unknown-key]
        self.pending_header_bytes = None
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, section 10.1.1
        super().on_headers_complete()
        if self.shutting_down or self.parser.should_upgrade():
            self.cycle.keep_alive = False
        if self.over_limit or not self.cycle.keep_alive:
            self.last = Lingering(self.transport, partial(getattr, self.cycle, "more_body"))
            self.cycle.transport = cast("asyncio.Transport", self.last)
        # Trailers are not headers (RFC 9110, section 6.5.1); nobody reads this list.
        self.headers = []

    def _find_refusal(self) -> type[ApiError] | None:
        in_several_pieces = bool(self.pending_header_bytes)
        if in_several_pieces and self._size_of_head() > MAX_HEAD_BYTES:
            return HeadTooLarge
        if len(self.url) > MAX_URL_BYTES:
            return UrlTooLong
        if self.over_limit:
            return TooManyConnections
        return UpgradeWithBody if self.parser.should_upgrade() and self._has_body() else None

    def _has_body(self) -> bool:
        names = {name for name, value in self.headers if value != b"0"}
        return not names.isdisjoint({b"content-length", b"transfer-encoding"})

    def _size_of_head(self) -> int:
        line = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + 4 for name, value in self.headers) + 2

    def on_chunk_header(self) -> None:
        """Start to count: trailers may follow the last chunk."""
        self.pending_header_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body."""
        if self.pending_header_bytes is not None:
            self.pending_header_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request, even if the response was sent before the end of the body."""
        super().on_message_complete()
        if self.cycle and self.cycle.response_complete:
            self.cycle.more_body = False
            self._keep_alive()

    def _should_upgrade(self) -> bool:
        return False  # an upgrade is only an offer (RFC 9110, section 7.8)

    def _unsupported_upgrade_warning(self) -> None:
        pass

    def send_400_response(self, msg: str) -> None:
        """Respond to malformed HTTP, and close the connection."""
        self._refuse(400, "This is not a valid HTTP request")

    def _check_progress(self, before: object) -> None:
        """Disconnect a client that made no progress since the last check."""
        now = self._awaited()
        self.stall_timer = self.loop.call_later(STALL_CHECK, self._check_progress, now)
        if now is not None and now == before:
            if self._has_no_response() and not self.transport.get_write_buffer_size():
                self._refuse(408, "The request did not arrive in time")
            else:
                self.transport.abort()

    def _awaited(self) -> object | None:
        """What the client must send or read next, changing with progress; None for nothing."""
        if unread := self.transport.get_write_buffer_size():
            return unread
        more_body = self.cycle and self.cycle.more_body  # even if the response has been sent
        if self.timeout_keep_alive_task and not more_body:
            return None
        if self.cycle and not self.cycle.response_complete and not self.cycle.more_body:
            return None
        return self.cycle or self

    def _has_no_response(self) -> bool:
        """Whether no part of the response to the current request has been sent."""
        cycle = self.cycle
        between_requests = cycle and cycle.response_complete and not cycle.more_body
        return between_requests or not (cycle and cycle.response_started)

    def _keep_alive(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _refuse(self, status: int, sentence: str) -> None:
        self.pending_header_bytes, cycle = None, self.cycle
        if cycle and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False  # its response will be the last
            self.flow.pause_reading()
            return
        if cycle and cycle.more_body and (cycle.response_started or self.pipeline):
            self.transport.close()  # it has a response, or is not the next to get one
            return
        response = raw_response(
            cast("Starlette", self.app).state.cors,
            status,
            sentence,
            request_headers=self._request_headers(),
            client=self.client,
            server_headers=self.server_state.default_headers,
        )
        self.transport.write(response)
        self.transport.close()

    def _request_headers(self) -> dict[bytes, bytes]:
        """The headers of the current request that have arrived."""
        finished = self.cycle and self.cycle.scope is self.scope and self.cycle.response_complete
        return dict(self.scope["headers"]) if self.scope and not finished else {}
