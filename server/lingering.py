"""The last answer of a connection: it must not be lost to a client that is still sending."""

import asyncio
from collections.abc import Callable
from typing import Any

LINGER_TIMEOUT = 5  # seconds that a client may take to hear it


class Lingering:
    """A transport as the last answer sees it; closing it waits for a client in mid-body.

    Closed at once, the connection would be reset, and the answer lost with it (RFC 9112,
    section 9.6).
    """

    def __init__(self, transport: asyncio.Transport, is_sending: Callable[[], Any]) -> None:
        """`is_sending` tells whether the client has more of its body to send."""
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.begun = False
        self._transport = transport
        self._is_sending = is_sending

    def close(self) -> None:
        """Say goodbye, and close once the client has, or after some time."""
        if not self._is_sending():
            self._transport.close()
        elif not self.begun:
            self.begun = True
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(LINGER_TIMEOUT, self._transport.close)
