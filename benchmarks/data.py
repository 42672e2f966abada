"""The data and the requests, equal for all contenders."""

import json
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import jwt

SECRET = "a-secret-for-benchmarks-of-more-than-32-bytes"  # noqa: S105
TITLE = "A task with thirty characters."
BODY = {"title": TITLE, "description": "y" * 80}
READERS, WRITERS, TASKS = 1000, 500, 20  # users, and tasks of each
LENGTHS = {"get0": 0, "get100": 100, "get1000": 1000}  # scenario: tasks in the list
SCHEMA = Path(__file__).parents[1] / "schema.sql"
INSERT_TASKS = """
    INSERT INTO tasks (id, title, description, user_id, created_at)
    SELECT id, $1, $2, user_id, now() - number * interval '1 minute'
    FROM unnest($3::uuid[], $4::uuid[], $5::int[]) AS t (id, user_id, number)"""


class User(NamedTuple):
    """A user with ids of tasks."""

    id: str
    email: str
    tasks: list[str]


class Request(NamedTuple):
    """An HTTP request of a user."""

    user: User
    method: str
    path: str
    token: str
    body: dict[str, Any] | None


class Data(NamedTuple):
    """Users by the scenarios that use them: `get`, `post` and `put`, and lists of other lengths."""

    readers: list[User]
    writers: list[User]
    others: dict[str, list[User]]

    @property
    def users(self) -> list[User]:
        """All users."""
        return [*self.readers, *self.writers, *(u for users in self.others.values() for u in users)]


def make_data() -> Data:
    """Users and tasks with random ids."""
    others = {name: list(_users(10, length)) for name, length in LENGTHS.items()}
    return Data(list(_users(READERS, TASKS)), list(_users(WRITERS, TASKS)), others)


def _users(count: int, tasks: int) -> Iterator[User]:
    for _ in range(count):
        user_id = str(uuid.uuid4())
        yield User(user_id, f"{user_id}@example.com", [str(uuid.uuid4()) for _ in range(tasks)])


def sign(claims: dict[str, Any], secret: str) -> str:
    """A token that is valid for a day."""
    return jwt.encode({**claims, "exp": int(time.time()) + 86400}, secret, "HS256")


def requests_of(scenario: str, data: Data) -> list[Request]:
    """The requests of a scenario, in random order."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "post": ("POST", BODY),
        "put": ("PUT", {"completed": True}),
    }
    method, body = kinds.get(scenario, ("GET", None))
    users = data.others.get(scenario, data.readers if method == "GET" else data.writers)
    requests = []
    for user in users:
        token = sign({"sub": user.id, "user_id": user.id, "email": user.email}, SECRET)
        paths = [f"/api/tasks/{task}" for task in user.tasks[:3]] if method == "PUT" else []
        requests += [Request(user, method, path, token, body) for path in paths or ["/api/tasks"]]
    random.shuffle(requests)
    return requests


def write_requests(requests: list[Request], file: Path) -> None:
    """Write one request a line, as requests.lua reads them."""
    lines = (
        "\t".join((r.method, r.path, f"Bearer {r.token}", json.dumps(r.body) if r.body else ""))
        for r in requests
    )
    file.write_text("\n".join(lines) + "\n")


async def fill(url: str, data: Data) -> None:
    """Create the tables of schema.sql in an empty database, and insert the data."""
    connection = await asyncpg.connect(url)
    users = [(uuid.UUID(u.id), u.email, "!") for u in data.users]
    tasks = [(t, u.id, number) for u in data.users for number, t in enumerate(u.tasks)]
    ids, owners, numbers = map(list, zip(*tasks, strict=True))
    await connection.execute(SCHEMA.read_text())
    await connection.executemany(
        "INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3)", users
    )
    await connection.execute(INSERT_TASKS, TITLE, BODY["description"], ids, owners, numbers)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
