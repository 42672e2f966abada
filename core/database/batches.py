"""Batches: reads that arrive at the same moment share one round trip to the database.

Most of what a short read costs is not the read but the trip: system calls, a process to wake.
What the event loop finds waiting together is therefore asked together, without any delay, and
every caller gets the rows of their own key and no others.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from copy import copy
from typing import Any
from uuid import UUID

Rows = list[dict[str, Any]]
Waiters = dict[UUID, list["asyncio.Future[Rows]"]]

MAX_KEYS = 16  # keys; a batch takes as long as its slowest part


class Batch:
    """Collects the keys of one moment, reads them at once, hands out the rows by key."""

    def __init__(self, read: Callable[[list[UUID]], Awaitable[Rows]], by: str) -> None:
        """`read` gives the rows of some keys, in order within each; column `by` is the key."""
        self._read = read
        self._by = by
        self._waiting: Waiters = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    async def fetch(self, key: UUID) -> Rows:
        """The rows of this key, as they are after this call. Raises what the read raises."""
        if not self._waiting:
            self._loop.call_soon(self._start)
        waiter: asyncio.Future[Rows] = self._loop.create_future()
        self._waiting.setdefault(key, []).append(waiter)
        if len(self._waiting) >= MAX_KEYS:
            self._start()
        return await waiter

    def _start(self) -> None:
        if self._waiting:
            # In a context of its own: what the first caller has spent is not the others'.
            running = self._loop.create_task(self._run(self._waiting), context=Context())
            self._running.add(running)
            running.add_done_callback(self._running.discard)
            self._waiting = {}

    async def _run(self, waiting: Waiters) -> None:
        groups: dict[UUID, Rows] = {key: [] for key in waiting}
        failure: Exception | None = None
        try:
            for row in await self._read(list(waiting)):
                groups[row[self._by]].append(row)
        except Exception as error:  # noqa: BLE001 - it is the callers' to handle
            failure = error
        for key, waiters in waiting.items():
            for waiter in waiters:
                if not waiter.done():
                    _settle(waiter, groups[key], failure)


def _settle(waiter: "asyncio.Future[Rows]", rows: Rows, failure: Exception | None) -> None:
    if failure is None:
        waiter.set_result(rows)
    else:
        own = copy(failure)  # each caller's stack trace is its own
        own.__cause__ = failure
        waiter.set_exception(own)
