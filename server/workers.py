"""The processes of the service: uvicorn's server and workers, and how they end."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import parent_process
from types import FrameType

import uvicorn
from uvicorn.supervisors import multiprocess

from core.parent import follower
from server.protocol import Protocol

FIRST_REQUEST_TIMEOUT = 0.1  # seconds that a connection's first request may be on its way
DRAIN_DELAY = 0.5  # seconds between "not ready" and the end


class Server(uvicorn.Server):
    """Tells when it listens, and turns nobody away who has already come when it ends."""

    def __init__(
        self, config: uvicorn.Config, on_started: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self.on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does."""
        await super().startup(sockets)
        if self.on_started:
            self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, once those are served who have connected before."""
        doors = [listener.dup() for listener in sockets or []]
        for server in self.servers:
            server.close()
        # At one go: while we serve one, those who are done come again, and there is no end to it.
        arrived = [connection for door in doors for connection in _let_in(door)]
        loop = asyncio.get_running_loop()
        for connection in arrived:
            await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(FIRST_REQUEST_TIMEOUT)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)


def _let_in(door: socket.socket) -> Iterator[socket.socket]:
    """Accept who is in the queue of a listener, and close it: that resets all who come later."""
    with door, suppress(OSError):  # BlockingIOError: that was the last one
        door.setblocking(False)
        while True:
            yield door.accept()[0]


class Worker(multiprocess.Process):
    """A worker process with such a server."""

    @property
    def server(self) -> uvicorn.Server:
        """Made in the worker, when it starts."""
        self._server = self._server or Server(self.config)
        return self._server


multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no parameter for it


class Supervisor(multiprocess.Multiprocess):
    """Stops listening together with its workers: who comes late is refused, not left waiting."""

    def terminate_all(self) -> None:
        """Tell the workers to end."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def on_terminate(announce: Callable[[], None]) -> None:
    """At SIGTERM first announce the end, so that load balancers look elsewhere, then end."""
    end, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()

    def begin(number: int, frame: FrameType | None) -> None:
        announce()
        Protocol.shutting_down = True
        if callable(end):
            loop.call_soon_threadsafe(loop.call_later, DRAIN_DELAY, end, number, frame)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, begin)


def end_with_parent() -> None:
    """Have Linux end this worker when its supervisor is killed outright."""
    supervisor = parent_process()
    follow = supervisor and supervisor.pid and follower(supervisor.pid, signal.SIGKILL)
    if follow:
        follow()
