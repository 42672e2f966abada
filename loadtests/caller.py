"""A caller: the Locust user that all others are made of.

It checks every answer: its status, and that whatever it holds is the caller's own. An answer that
does not pass counts as a failure.
"""

import random
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, ClassVar

from locust import FastHttpUser

from loadtests.answers import Task, Wrong, check_list, check_status, check_task
from loadtests.people import Person

TASKS = "/api/tasks"
ONE_TASK = "/api/tasks/{id}"
EXTRA = 5  # tasks that somebody keeps beside those that stay: the lists must not grow


class Caller(FastHttpUser):
    """Somebody with a token."""

    abstract = True
    network_timeout = 15.0  # the service promises an answer within ten seconds
    connection_timeout = 15.0

    everybody: ClassVar[list[Person]] = []
    _turns: ClassVar[Iterator[Person]]

    me: Person
    extra: list[str]

    @classmethod
    def meet(cls, people: list[Person]) -> None:
        """Say who there is; callers take turns in being one of them."""
        Caller.everybody, Caller._turns = people, cycle(people)

    def on_start(self) -> None:
        """Become one of the people."""
        self.me = next(self._turns)
        self.extra = []

    def ask(
        self,
        method: str,
        task_id: str = "",
        *,
        status: int = 200,
        body: Any = None,
        check: Callable[[bytes, Person], list[Task]] | None = None,
    ) -> list[Task]:
        """Send a request for the list or for one task; the tasks that come back, if all is well."""
        path, name = (f"{TASKS}/{task_id}", ONE_TASK) if task_id else (TASKS, TASKS)
        headers = {"Authorization": f"Bearer {self.me.token}"}
        with self.client.request(
            method, path, name, headers=headers, json=body, catch_response=True
        ) as answer:
            try:
                check_status(answer.status_code, status)
                tasks = check(answer.content or b"", self.me) if check else []
            except Wrong as wrong:
                answer.failure(str(wrong))
                return []
            answer.success()
            return tasks

    def look(self) -> None:
        """Ask for the list."""
        self.ask("GET", check=check_list)

    def plan(self) -> None:
        """Add a task; who has enough of them deletes the oldest."""
        title = f"Something else to do {random.random()}"  # noqa: S311
        body = {"title": title, "description": "soon"}
        self.extra += [
            each["id"] for each in self.ask("POST", status=201, body=body, check=check_task)
        ]
        if len(self.extra) > EXTRA:
            self.ask("DELETE", self.extra.pop(0), status=204)
