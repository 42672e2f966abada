"""Running uvicorn for this service, in one process or several."""

import asyncio
import errno
import resource
import socket
import time
from collections.abc import Callable

import uvicorn
from uvicorn.supervisors import ChangeReload

from core.database import schema
from core.database.connector import Connector
from core.logs import log
from core.settings import Settings, exit_with
from server.protocol import OVERFLOW, Protocol
from server.workers import Server, Supervisor

APPLICATION = "service:create_app"
KEEP_ALIVE = 75  # seconds; longer than load balancers keep idle connections
BACKLOG = 2048  # connections that wait to be accepted, as uvicorn has it
BIND_TIMEOUT = 1  # seconds; the workers of a killed supervisor may still be ending
SPARE_FILES = 64  # open files other than connections
GRACE = 6  # seconds to finish requests in flight at the shutdown


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; exit with 1 where it is in use, with 2 where it is not ours.

    `bind` can succeed in two processes at once (SO_REUSEADDR); then `listen` fails in one.
    """
    deadline = time.monotonic() + BIND_TIMEOUT
    while True:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
            return listener
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                reason = f"cannot listen on {host} port {port}: {error.strerror}"
                if error.errno == errno.EADDRNOTAVAIL:
                    exit_with(2, f"HOST: {reason}")
                exit_with(1, reason)
        time.sleep(0.05)


def serve(
    settings: Settings, listener: socket.socket, on_started: Callable[[], None], *, reload: bool
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are then finished."""
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
        reset_contextvars=True,  # a pipelined request would inherit those of the previous one
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE,
        workers=settings.web_concurrency,
        reload=reload,
    )
    if reload:
        on_started()
        ChangeReload(config, uvicorn.Server(config).run, [listener]).run()
    elif settings.web_concurrency > 1:
        connector = Connector(settings.database_url)
        asyncio.run(schema.prepare_or_exit(connector))  # the exit status of a worker is lost
        on_started()
        Supervisor(config, [listener]).run()
    else:
        Server(config, on_started).run([listener])


def _allow_open_files(wanted: int) -> None:
    """Raise the soft limit of open files up to the hard one (getrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    if possible < wanted:
        log.warning("MAX_CONNECTIONS: no more than %d files may be open here (ulimit -n)", hard)
