"""The last response of a connection, sent to a client that may still be sending."""

import asyncio
from collections.abc import Callable

LINGER_TIMEOUT = 5  # seconds


class Lingering:
    """A transport for the last response, which closes only after the client has.

    If it closed while the client is sending a body, the connection would be reset and the client
    could lose the response (RFC 9112, section 9.6).
    """

    def __init__(self, transport: asyncio.Transport, is_sending: Callable[[], bool]) -> None:
        """`is_sending` returns whether the client has more of its body to send."""
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.closing = False
        self._transport = transport
        self._is_sending = is_sending

    def close(self) -> None:
        """Close after the client, or after LINGER_TIMEOUT."""
        if not self._is_sending():
            self._transport.close()
        elif not self.closing:
            self.closing = True
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_TIMEOUT, self._transport.close)
