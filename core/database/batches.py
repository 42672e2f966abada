"""Batches: reads that arrive in one turn of the event loop share a round trip.

Most of the cost of a short read is the round trip: system calls, and waking a process. Nothing is
delayed to fill a batch, and each caller gets the rows of its own key only.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from copy import copy
from typing import Any
from uuid import UUID

Rows = list[dict[str, Any]]
Waiters = dict[UUID, list["asyncio.Future[Rows]"]]

MAX_KEYS = 16  # a batch takes as long as its slowest part


class Batch:
    """Collects keys during one turn of the event loop and reads their rows in one statement."""

    def __init__(self, read: Callable[[list[UUID]], Awaitable[Rows]], by: str) -> None:
        """`read` returns the rows of several keys, ordered within each; column `by` is the key."""
        self._read = read
        self._by = by
        self._waiting: Waiters = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    async def fetch(self, key: UUID) -> Rows:
        """The rows of this key, read after this call. Raises what `read` raises."""
        if not self._waiting:
            self._loop.call_soon(self._start)
        waiter: asyncio.Future[Rows] = self._loop.create_future()
        self._waiting.setdefault(key, []).append(waiter)
        if len(self._waiting) >= MAX_KEYS:
            self._start()
        return await waiter

    def _start(self) -> None:
        if self._waiting:
            # In a new context: the time budget of the first caller is not that of the others.
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
        except Exception as error:  # noqa: BLE001 - raised to every caller
            failure = error
        for key, waiters in waiting.items():
            for waiter in waiters:
                if not waiter.done():
                    _set_outcome(waiter, groups[key], failure)


def _set_outcome(waiter: "asyncio.Future[Rows]", rows: Rows, failure: Exception | None) -> None:
    if failure is None:
        waiter.set_result(rows)
    else:
        own = copy(failure)  # a stack trace for each caller
        own.__cause__ = failure
        waiter.set_exception(own)
