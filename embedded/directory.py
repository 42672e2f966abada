"""The data directory: what is in it, and how it is locked."""

import fcntl
import os
import time
from io import FileIO
from pathlib import Path

from embedded.errors import InUse

CLUSTER = "cluster"  # PostgreSQL's own folder, with the socket in it
LOG = "postgres.log"  # what the server says; locked as long as any of its processes lives
OWNER = "service.lock"  # the id of the process the server belongs to; locked as long as it lives


def lock(directory: Path, name: str, patience: float, *, told_in: str) -> FileIO:
    """Open a file and lock it: for as long as we, or programs given the file, have it open.

    If another process still has it after `patience` seconds, the file `told_in` begins with its id.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    file = os.fdopen(os.open(directory / name, flags, 0o600), "a+b", buffering=0)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                pid = first_line(directory / told_in)
                raise InUse(
                    f"{directory} is in use by another running server (pid {pid})"
                ) from None
            time.sleep(0.02)
        else:
            return file


def first_line(file: Path) -> str:
    """Read the first line of a file; it is empty where there is no file."""
    return file.read_text().partition("\n")[0] if file.exists() else ""
