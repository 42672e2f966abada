"""The server and worker processes of uvicorn, with an orderly shutdown."""

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

from core.parent import parent_exit_hook
from server.protocol import Protocol

FIRST_REQUEST_TIMEOUT = 0.1  # seconds for the first request of a connection to arrive
DRAIN_DELAY = 0.5  # seconds between "not ready" and the shutdown


class Server(uvicorn.Server):
    """Calls back when it has started, and serves accepted connections before it stops."""

    def __init__(
        self, config: uvicorn.Config, on_started: Callable[[], None] | None = None
    ) -> None:
        super().__init__(config)
        self.on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_started`."""
        await super().startup(sockets)
        if self.on_started:
            self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve the connections in the accept queue, then stop."""
        listeners = [listener.dup() for listener in sockets or []]
        for server in self.servers:
            server.close()
        # All at once: clients that are served would otherwise connect again without end.
        connections = [each for listener in listeners for each in drain_accept_queue(listener)]
        loop = asyncio.get_running_loop()
        for connection in connections:
            await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(FIRST_REQUEST_TIMEOUT)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)


def drain_accept_queue(listener: socket.socket) -> Iterator[socket.socket]:
    """Accept what is in the queue, and close the listener: later connections are reset."""
    with listener, suppress(OSError):  # BlockingIOError: the queue is empty
        listener.setblocking(False)
        while True:
            yield listener.accept()[0]


class Worker(multiprocess.Process):
    """A worker process that runs this module's Server."""

    @property
    def server(self) -> uvicorn.Server:
        """The server, created in the worker process."""
        self._server = self._server or Server(self.config)
        return self._server


multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no parameter for it


class Supervisor(multiprocess.Multiprocess):
    """Closes its listeners with its workers, so that late connections are refused."""

    def terminate_all(self) -> None:
        """Close the listeners and terminate the workers."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def on_terminate(announce: Callable[[], None]) -> None:
    """At SIGTERM call `announce`, and stop DRAIN_DELAY later: load balancers need that time."""
    stop, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()

    def begin(number: int, frame: FrameType | None) -> None:
        announce()
        Protocol.shutting_down = True
        if callable(stop):
            loop.call_soon_threadsafe(loop.call_later, DRAIN_DELAY, stop, number, frame)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, begin)


def end_with_parent() -> None:
    """End this worker when its supervisor is killed by SIGKILL (Linux)."""
    supervisor = parent_process()
    hook = supervisor and supervisor.pid and parent_exit_hook(supervisor.pid, signal.SIGKILL)
    if hook:
        hook()
