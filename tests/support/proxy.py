"""A TCP proxy in front of PostgreSQL that refuses, freezes and resets connections."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from tests.support.program import free_port

Pair = tuple[asyncio.StreamWriter, asyncio.StreamWriter]
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class Proxy:
    """Forwards TCP to another port, in a thread; `sent` counts the bytes from the client."""

    def __init__(self, upstream: int, *, opened: bool = True) -> None:
        self.upstream = upstream
        self.port = free_port()
        self.sent = 0
        self.cut_at = ""
        self.lingering = False
        self.pairs: set[Pair] = set()
        self.doomed: set[Pair] = set()
        self.left: set[Pair] = set()  # closed by the server, while lingering
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        if opened:
            self.open()

    def open(self) -> None:
        """Accept connections and forward everything (again)."""
        self._run(self._open())

    def refuse(self) -> None:
        """Reset every connection, and refuse new ones."""
        self._run(self._refuse())

    def freeze(self) -> None:
        """Accept connections and keep them open, but forward nothing."""
        self.loop.call_soon_threadsafe(self.flowing.clear)

    def reset(self) -> None:
        """Reset every connection; accept new ones."""
        self._run(self._reset())

    def cut_next(self, side: str) -> None:
        """Reset every connection when the client ("query") or the server ("reply") sends next."""
        self.cut_at = side

    def linger(self) -> None:
        """Forward what the server sends, but not (until `open`) that it closed the connection."""
        self.lingering = True

    def doom(self) -> None:
        """Reset each present connection once the client sends on it."""
        self.doomed = set(self.pairs)

    def close(self) -> None:
        self._run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(5)

    async def _open(self) -> None:
        self.flowing.set()
        self.lingering = False
        if self.server is None:
            self.server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _refuse(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None
        await self._reset()

    async def _reset(self) -> None:
        self.cut_at = ""
        pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            _abort(pair)
        closed = [writer.wait_closed() for pair in pairs for writer in pair]
        await asyncio.gather(*closed, return_exceptions=True)
        await asyncio.sleep(0)  # wait_closed() returns just before the socket is closed

    async def _close(self) -> None:
        await self._refuse()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, back)
        self.pairs.add(pair)
        for work in (self._pump(reader, pair, "query"), self._pump(there, pair, "reply")):
            task = asyncio.create_task(work)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, pair: Pair, side: str) -> None:
        target = pair[1] if side == "query" else pair[0]
        try:
            while piece := await source.read(65536):
                self.sent += len(piece) if side == "query" else 0
                await self.flowing.wait()
                if self.cut_at == side:
                    await self._reset()
                if pair in self.doomed:
                    _abort(pair)
                target.write(piece)
                await target.drain()
        except OSError:
            pass
        if self.lingering and side == "reply":
            self.left.add(pair)
        else:
            for writer in pair:
                writer.close()
            self.pairs.discard(pair)


def _abort(pair: Pair) -> None:
    for writer in pair:
        with suppress(OSError):  # closed already
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
