"""The HTTP server: uvicorn, set up for this service, in one process or several."""

import asyncio
import errno
import resource
import socket
import time
from collections.abc import Callable

import uvicorn
from uvicorn.supervisors import ChangeReload

from core.database import dsn, schema
from core.database.connector import Connector
from core.logs import log
from core.settings import Settings, exit_with
from server.protocol import OVERFLOW, Protocol
from server.workers import Server, Supervisor

APPLICATION = "service:create_app"
KEEP_ALIVE = 75  # seconds: longer than a load balancer keeps an idle connection
HANDOVER = 1  # seconds that the workers of a killed predecessor may need to go
SPARE_FILES = 64  # open files beside connections: listener, log, modules
GRACE = 6  # seconds that requests in flight get at the end


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
                reason = f"cannot listen on {host} port {port}: {error.strerror}"
                if error.errno == errno.EADDRNOTAVAIL:
                    exit_with(2, f"HOST: {reason}")
                exit_with(1, reason)
        time.sleep(0.05)


def serve(
    settings: Settings, listener: socket.socket, on_started: Callable[[], None], *, reload: bool
) -> None:
    """Serve until SIGINT or SIGTERM; what is in flight then is finished."""
    _allow_open_files(settings.max_connections + OVERFLOW + settings.db_pool_size + SPARE_FILES)
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
        reset_contextvars=True,  # or else a pipelined request inherits those of the one before
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE,
        workers=settings.web_concurrency,
        reload=reload,
    )
    if reload:
        on_started()
        ChangeReload(config, uvicorn.Server(config).run, [listener]).run()
    elif settings.web_concurrency > 1:
        connector = Connector(dsn.parse(settings.database_url))
        asyncio.run(schema.prepare_or_exit(connector))  # a worker's exit status would be lost
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
