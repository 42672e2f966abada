"""Clients that write and read during a fault, and a record of the responses."""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple, Self
from uuid import uuid4

import httpx

from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, sign
from tests.support.users import new_email

ABSENT = "absent"
NO_ANSWER = 0


class Outcome(NamedTuple):
    """How one request ended: `status` is 0 and `said` the exception's name without an answer."""

    method: str
    began: float  # time.monotonic()
    ended: float
    status: int
    said: str

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Load:
    """Each writer creates, changes and deletes tasks of its own, each reader lists its own.

    They run in a thread of their own from `with` to the end of its block, each asking again as
    soon as it is answered (`pause` seconds later). What a writer may find in the database after
    each of its requests is kept in `possible`, by the title of the task: exactly the last state
    that was acknowledged, and those asked for since then.
    """

    def __init__(self, url: str, *, writers: int = 4, readers: int = 4, pause: float = 0.0) -> None:
        self.url = url
        self.sizes = writers, readers
        self.pause = pause
        self.outcomes: list[Outcome] = []
        self.possible: dict[str, set[str]] = {}
        self.acknowledged = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each client finish the request it is at."""
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def statuses(self) -> Counter[tuple[int, str]]:
        """How often each status came, with the error's sentence."""
        return Counter((each.status, each.said) for each in list(self.outcomes))

    def since(self, moment: float) -> list[Outcome]:
        """The outcomes of requests that began after a `time.monotonic()`."""
        return [each for each in list(self.outcomes) if each.began >= moment]

    def lost(self, sql: Sql) -> list[str]:
        """The titles whose state in the database is none of those possible."""
        found = self._found(sql)
        return [title for title, states in self.possible.items() if not {*found[title]} & states]

    def twice(self, sql: Sql) -> list[str]:
        """The titles of tasks that were created more than once."""
        return [title for title, states in self._found(sql).items() if len(states) > 1]

    def _found(self, sql: Sql) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for row in sql.rows("SELECT title, description FROM tasks"):
            found[row["title"]].append(row["description"])
        for title in self.possible:
            if title not in found:
                found[title] = [ABSENT]
        return found

    async def _run(self) -> None:
        writers, readers = self.sizes
        await asyncio.gather(
            *(self._write() for _ in range(writers)), *(self._read() for _ in range(readers))
        )

    async def _read(self) -> None:
        async with self._client() as client:
            while not self.stopping.is_set():
                await self._ask(client, "GET", "/api/tasks")

    async def _write(self) -> None:
        async with self._client() as client:
            for number in count():
                if self.stopping.is_set():
                    break
                await self._live(client, delete=number % 4 == 3)

    async def _live(self, client: httpx.AsyncClient, *, delete: bool) -> None:
        """Create a task, change it, and every fourth time delete it."""
        title = uuid4().hex
        self.possible[title] = {ABSENT}
        body = {"title": title, "description": "created"}
        created = await self._change(client, "POST", "/api/tasks", title, "created", json=body)
        if created is None or self.stopping.is_set():
            return
        path = f"/api/tasks/{created.json()['task']['id']}"
        change = {"description": "changed"}
        await self._change(client, "PUT", path, title, "changed", json=change)
        if delete and not self.stopping.is_set():
            await self._change(client, "DELETE", path, title, ABSENT)

    async def _change(
        self, client: httpx.AsyncClient, method: str, path: str, title: str, state: str, **body: Any
    ) -> httpx.Response | None:
        self.possible[title].add(state)
        answer = await self._ask(client, method, path, **body)
        if answer is None or not answer.is_success:
            return None
        self.possible[title] = {state}
        self.acknowledged += 1
        return answer

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        began, answer, said = time.monotonic(), None, ""
        try:
            answer = await client.request(method, path, **options)
            said = "" if answer.is_success else answer.json()["error"]
        except httpx.TransportError as error:
            said = type(error).__name__
            await asyncio.sleep(0.01)
        status = answer.status_code if answer else NO_ANSWER
        self.outcomes.append(Outcome(method, began, time.monotonic(), status, said))
        await asyncio.sleep(self.pause)
        return answer

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A user that Better Auth made: the first write provisions it."""
        user = claims(str(uuid4()), email=new_email())
        async with httpx.AsyncClient(
            base_url=self.url, headers=bearer(sign(user)), timeout=30
        ) as client:
            yield client


def first_success(outcomes: list[Outcome]) -> float:
    """When the first of them was answered with 2xx, by `time.monotonic()`."""
    return min(each.ended for each in outcomes if 200 <= each.status < 300)


def percentile(outcomes: list[Outcome], share: float) -> float:
    """The seconds within which this share of them (0 to 1) ended."""
    seconds = sorted(each.seconds for each in outcomes)
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))]
