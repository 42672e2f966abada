"""The HTTP server: uvicorn, set up for this service, in one process or several."""

import asyncio
import errno
import multiprocessing
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.supervisors import ChangeReload, Multiprocess

from core import dsn, schema
from core.connections import Connector
from core.logs import log
from core.parent import follower
from core.protocol import TOLD, Protocol
from core.settings import Settings, exit_with

APPLICATION = "service:create_app"
KEEP_ALIVE = 75  # seconds: longer than a load balancer keeps an idle connection
HANDOVER = 1  # seconds that the workers of a killed predecessor may need to go
SPARE_FILES = 64  # open files beside connections: listener, log, modules
GRACE = 6  # seconds that requests in flight get at the end
FAREWELL = 0.5  # seconds between "not ready" and the end


class Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does."""
        await super().startup(sockets)
        self.on_started()


class Supervisor(Multiprocess):
    """Stops listening together with its workers: who comes late is refused, not left waiting."""

    def terminate_all(self) -> None:
        """Tell the workers to end."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def bind(host: str, port: int) -> socket.socket:
    """Reserve the address; exits where somebody else has it."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + HANDOVER
    while True:
        try:
            listener.bind((host, port))
            return listener
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                listener.close()
                exit_with(1, f"cannot listen on {host} port {port}: {error.strerror}")
        time.sleep(0.05)


def serve(
    settings: Settings, listener: socket.socket, on_started: Callable[[], None], *, reload: bool
) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight then is finished."""
    _allow_open_files(settings.max_connections + TOLD + settings.db_pool_size + SPARE_FILES)
    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE,
        workers=settings.web_concurrency,
        reload=reload,
    )
    if reload:
        on_started()
        ChangeReload(config, uvicorn.Server(config).run, [listener]).run()
    elif settings.web_concurrency > 1:
        asyncio.run(_check_database(settings))  # a worker's exit status would be lost
        on_started()
        Supervisor(config, [listener]).run()
    else:
        Server(config, on_started).run([listener])


def _allow_open_files(wanted: int) -> None:
    """Raise the soft limit as far as the hard one lets us (getrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible < wanted:
        log.warning("MAX_CONNECTIONS: no more than %d files may be open here (ulimit -n)", hard)


async def _check_database(settings: Settings) -> None:
    try:
        await schema.prepare(Connector(dsn.parse(settings.database_url)))
    except schema.DatabaseUnreachable as error:
        exit_with(3, str(error))


def on_terminate(announce: Callable[[], None]) -> None:
    """At SIGTERM first announce the end, so that load balancers look elsewhere, then end."""
    end, loop = signal.getsignal(signal.SIGTERM), asyncio.get_running_loop()

    def begin(number: int, frame: FrameType | None) -> None:
        announce()
        Protocol.ending = True
        if callable(end):
            loop.call_soon_threadsafe(loop.call_later, FAREWELL, end, number, frame)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, begin)


def end_with_parent() -> None:
    """Have Linux end this worker when its supervisor is killed outright."""
    supervisor = multiprocessing.parent_process()
    follow = supervisor and supervisor.pid and follower(supervisor.pid, signal.SIGKILL)
    if follow:
        follow()
