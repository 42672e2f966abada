"""Passwords: bcrypt in threads, with a bounded queue."""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

import bcrypt

from core.errors import ApiError

P = ParamSpec("P")
T = TypeVar("T")

COST = 12  # 2^12 rounds: docs/performance.md has the milliseconds
MAX_BYTES = 72  # bcrypt ignores what follows
UNUSABLE = "!"  # in place of a hash: no password matches
# Checked for an unknown e-mail, so that it takes as long as a known one.
DUMMY = "$2b$12$MGgH.1oJDsgiggMVXi1/jO9GJvzyriFx.psXZE5J0205VUeXLFsLq"
MAX_WAITING = 100
NICENESS = 19


class TooManySignIns(ApiError):
    """The queue for password hashing is full."""

    status = 503
    sentence = "Too many sign-ins at once, please try again"
    headers: Mapping[str, str] | None = {"Retry-After": "5"}


class Passwords:
    """Hashes and checks in one thread for each core but one, at low priority."""

    def __init__(self) -> None:
        self._threads = max(1, len(os.sched_getaffinity(0)) - 1)
        self._executor = ThreadPoolExecutor(self._threads, "bcrypt", initializer=_lower_priority)
        self._pending = 0

    async def hash(self, password: str) -> str:
        """A new bcrypt hash. Raises TooManySignIns, and ValueError over 72 bytes."""
        salt = bcrypt.gensalt(COST)
        return (await self._run(bcrypt.hashpw, password.encode(), salt)).decode()

    async def check(self, password: str, password_hash: str | None) -> bool:
        """Whether the password matches the hash; None takes as long and never matches.

        Raises TooManySignIns.
        """
        stored = password_hash if password_hash and password_hash != UNUSABLE else None
        given = password.encode(errors="surrogatepass")
        same = await self._run(bcrypt.checkpw, given[:MAX_BYTES], (stored or DUMMY).encode())
        return same and stored is not None and len(given) <= MAX_BYTES

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._pending >= self._threads + MAX_WAITING:
            raise TooManySignIns
        self._pending += 1
        try:
            return await asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))
        finally:
            self._pending -= 1

    def close(self) -> None:
        """Stop the threads and drop what is queued."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _lower_priority() -> None:
    """On Linux each thread has a priority (setpriority(2), "C library/kernel differences")."""
    with suppress(OSError):  # a sandbox may forbid it
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
