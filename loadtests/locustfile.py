"""The users, for Locust: `locust -f loadtests/locustfile.py --accounts FILE Worker --host URL`.

Every response is checked: its status, and that it contains the user's own data only. With
`--scenario NAME` the thresholds of that scenario decide the exit code.
"""

import random
import time
from itertools import cycle
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from locust import FastHttpUser, between, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests import accounts
from loadtests.accounts import PASSWORD, Account
from loadtests.scenarios import LOGIN, SCENARIOS, TASKS

MAX_NEW_TASKS = 5  # of one user, so that the lists do not grow
TASK = f"{TASKS}/{{id}}"


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """Add our options; Locust requires the parameter's name."""
    parser.add_argument("--accounts", help="file of accounts; by default they are signed up")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="whose thresholds to check")


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def load_accounts(environment: Environment, **_: Any) -> None:
    """Read the accounts, or sign them up."""
    file = getattr(environment.parsed_options, "accounts", None)
    found = accounts.read(Path(file)) if file else accounts.sign_up(environment.host or "")
    TodoUser.accounts, TodoUser.turns = found, cycle(found)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def check_thresholds(environment: Environment, **_: Any) -> None:
    """Print a line for each threshold, and exit with 1 where one is missed."""
    scenario = SCENARIOS.get(getattr(environment.parsed_options, "scenario", None) or "")
    checks = [each.check(environment) for each in scenario.thresholds] if scenario else []
    for _held, line in checks:
        print(line)  # noqa: T201
    for error in environment.stats.errors.values():
        print(f"     {error.occurrences} x {error.method} {error.name}: {error.error}")  # noqa: T201
    environment.process_exit_code = int(not all(held for held, _line in checks))


class TodoUser(FastHttpUser):
    """A user with an account; what they do is up to the subclasses."""

    abstract = True
    network_timeout = connection_timeout = 15.0  # the service responds within ten seconds
    accounts: ClassVar[list[Account]] = []
    turns: ClassVar[Any] = None

    def on_start(self) -> None:
        """Take the next account."""
        self.account: Account = next(TodoUser.turns)
        self.created: list[str] = []

    def call(self, method: str, path: str, status: int = 200, body: Any = None) -> list[Any]:
        """Send a request, check the response, and return its tasks."""
        headers = {"Authorization": f"Bearer {self.account.token}"}
        name = TASKS if path == TASKS else TASK
        with self.client.request(
            method, path, name, headers=headers, json=body, catch_response=True
        ) as response:
            if response.status_code != status:
                response.failure(f"status {response.status_code}, expected {status}")
                return []
            content = response.json() if status < 300 and response.content else {}
            tasks = content.get("tasks", [content["task"]] if "task" in content else [])
            if any(task["user_id"] != self.account.id for task in tasks):
                response.failure("the response contains a task of another user")
            elif "tasks" in content and len(tasks) < len(self.account.tasks):
                response.failure("the list is not complete")
            else:
                response.success()
            return list(tasks)

    def list_tasks(self) -> None:
        """Read the list."""
        self.call("GET", TASKS)

    def create_task(self) -> None:
        """Create a task; delete the oldest one where there are enough."""
        body = {"title": f"Task {random.random()}", "description": "soon"}  # noqa: S311
        self.created += [each["id"] for each in self.call("POST", TASKS, 201, body)]
        if len(self.created) > MAX_NEW_TASKS:
            self.call("DELETE", f"{TASKS}/{self.created.pop(0)}", 204)

    def own_path(self) -> str:
        """The path of one of the user's tasks."""
        return f"{TASKS}/{random.choice(self.account.tasks)}"  # noqa: S311


class Reader(TodoUser):
    """Reads the list without pause."""

    weight = 4
    tasks = [TodoUser.list_tasks]  # noqa: RUF012 - as Locust has it


class Creator(TodoUser):
    """Creates tasks without pause."""

    tasks = [TodoUser.create_task]  # noqa: RUF012


class Worker(TodoUser):
    """Reads much and writes little, with pauses."""

    weight = 10
    wait_time = between(0.1, 0.5)
    tasks: list[Any] = [*[TodoUser.list_tasks] * 7, TodoUser.create_task]  # noqa: RUF012

    @task
    def read_task(self) -> None:
        """Read one task."""
        self.call("GET", self.own_path())

    @task
    def update_task(self) -> None:
        """Mark a task as done or not."""
        self.call("PUT", self.own_path(), body={"completed": random.random() < 0.7})  # noqa: S311


class Stranger(TodoUser):
    """Reads the own list, and tries tasks of others and ids that do not exist."""

    tasks = [TodoUser.list_tasks]  # noqa: RUF012

    @task
    def try_foreign_task(self) -> None:
        """Try to read, change or delete a task of another user."""
        other = random.choice(self.accounts)  # noqa: S311
        if other.id != self.account.id:
            method = random.choice(["GET", "PUT", "DELETE"])  # noqa: S311
            body = {"title": "Changed"} if method == "PUT" else None
            self.call(method, f"{TASKS}/{random.choice(other.tasks)}", 403, body)  # noqa: S311

    @task
    def try_unknown_id(self) -> None:
        """Try an id that does not exist."""
        self.call("GET", f"{TASKS}/{uuid4()}", 404)


class Returner(TodoUser):
    """Logs in without pause, unless the service asks to wait."""

    weight = 2

    @task
    def log_in(self) -> None:
        """Exchange e-mail and password for a token."""
        body = {"email": self.account.email, "password": PASSWORD}
        with self.client.post(LOGIN, json=body, catch_response=True) as response:
            if response.status_code == 503 and "Retry-After" in (response.headers or {}):
                response.success()
                time.sleep(float(response.headers["Retry-After"]))
            elif response.status_code != 200 or response.json()["user"]["id"] != self.account.id:
                response.failure(f"status {response.status_code}, or another user")
            else:
                response.success()
