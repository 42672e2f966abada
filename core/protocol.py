"""HTTP on the wire: uvicorn's protocol, with our errors and a bound on the request's head."""

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

LARGEST_HEAD = 65_536  # bytes of request line and headers that may arrive unfinished


class Protocol(HttpToolsProtocol):
    """Refuses what is no HTTP in the one shape of all errors."""

    unfinished_head: int | None = None
    """Bytes of a head that is not complete yet, or None between heads."""

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived."""
        super().data_received(data)
        if self.unfinished_head is not None:
            self.unfinished_head += len(data)
            if self.unfinished_head > LARGEST_HEAD:
                self._refuse(431, "The request's headers are too large")

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self.unfinished_head = 0

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self.unfinished_head = None
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and hang up."""
        self._refuse(400, "This is not a valid HTTP request")

    def _refuse(self, status: int, sentence: str) -> None:
        body = msgspec.json.encode({"error": sentence})
        headers = (
            b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
            b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        self.unfinished_head = None
        self.transport.write(STATUS_LINE[status] + headers + body)
        self.transport.close()
