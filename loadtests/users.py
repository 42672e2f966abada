"""What people do: one Locust user for each kind of load."""

import random
import time
from typing import Any
from uuid import uuid4

from locust import between, task

from loadtests.answers import Wrong, check_session, check_status, check_task
from loadtests.caller import Caller
from loadtests.people import PASSWORD

LOGIN = "/api/auth/login"


class Reader(Caller):
    """Looks at the list without pause."""

    weight = 4
    tasks = [Caller.look]  # noqa: RUF012  Locust's own way


class Planner(Caller):
    """Adds tasks without pause."""

    tasks = [Caller.plan]  # noqa: RUF012


class Worker(Caller):
    """Does what people do all day: reads much, writes little, thinks in between."""

    weight = 10
    wait_time = between(0.1, 0.5)
    tasks: list[Any] = [*[Caller.look] * 7, Caller.plan]  # noqa: RUF012

    @task
    def open(self) -> None:
        """Read one task."""
        self.ask("GET", random.choice(self.me.tasks), check=check_task)  # noqa: S311

    @task
    def finish(self) -> None:
        """Tick a task off, or not after all."""
        body = {"completed": random.random() < 0.7}  # noqa: S311
        self.ask("PUT", random.choice(self.me.tasks), body=body, check=check_task)  # noqa: S311


class Stranger(Caller):
    """Looks at the own list, and tries what is not there for anybody, or for somebody else."""

    tasks = [Caller.look]  # noqa: RUF012

    @task
    def pry(self) -> None:
        """Try to read, change or delete a task of somebody else."""
        other = random.choice(self.everybody)  # noqa: S311
        if other.id != self.me.id:
            method = random.choice(["GET", "PUT", "DELETE"])  # noqa: S311
            body = {"title": "Mine now"} if method == "PUT" else None
            self.ask(method, random.choice(other.tasks), status=403, body=body)  # noqa: S311

    @task
    def guess(self) -> None:
        """Try an id that nobody has."""
        self.ask("GET", str(uuid4()), status=404)


class Returner(Caller):
    """Logs in without pause; who is told to come back later does."""

    weight = 2

    @task
    def log_in(self) -> None:
        """Give e-mail and password for a token."""
        account = {"email": self.me.email, "password": PASSWORD}
        with self.client.post(LOGIN, json=account, catch_response=True) as answer:
            later = (answer.headers or {}).get("Retry-After")
            if answer.status_code == 503 and later:
                answer.success()
                time.sleep(float(later))  # Locust has made this one wait for nobody else
                return
            try:
                check_status(answer.status_code, 200)
                check_session(answer.content or b"", self.me)
            except Wrong as wrong:
                answer.failure(str(wrong))
            else:
                answer.success()
