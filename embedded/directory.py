"""The data directory: its files and its locks."""

import fcntl
import os
import time
from io import FileIO
from pathlib import Path

from embedded.errors import InUse

CLUSTER = "cluster"  # PostgreSQL's data folder, with the socket
LOG = "postgres.log"  # the server's log; locked while any process of the server lives
OWNER = "service.lock"  # the id of this process; locked while it lives


def lock(directory: Path, name: str, timeout: float, *, pid_file: str) -> FileIO:
    """Open a file and lock it for as long as this process, or a child, has it open.

    Raises InUse with the id in `pid_file` where another process still holds it after `timeout`
    seconds.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    file = os.fdopen(os.open(directory / name, flags, 0o600), "a+b", buffering=0)
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                pid = first_line(directory / pid_file)
                raise InUse(
                    f"{directory} is in use by another running server (pid {pid})"
                ) from None
            time.sleep(0.02)
        else:
            return file


def first_line(file: Path) -> str:
    """The first line of a file; empty where there is no file."""
    return file.read_text().partition("\n")[0] if file.exists() else ""
