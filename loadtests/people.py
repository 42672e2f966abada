"""People with an account, a token and some tasks: what every load needs before it begins."""

import asyncio
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

TASKS = 20  # of each
SIGN_UPS = 12  # people at a running service, where each costs a quarter second of bcrypt
PASSWORD = "correct horse battery staple"  # noqa: S105
TITLE = "A task for the load test, #{:02d}"  # 29 characters
DESCRIPTION = "What is to be done, told in about eighty characters, as people usually do it. ok"
ADD_USERS = """
    INSERT INTO users (email, password_hash)
    SELECT 'load-' || number || '@example.com', $1 FROM generate_series(1, $2::int) AS number
    RETURNING id, email
"""
ADD_TASKS = """
    INSERT INTO tasks (title, description, user_id, created_at)
    SELECT 'A task for the load test, #' || to_char(number, 'FM00'), $1, id,
           now() - interval '1 day' + number * interval '1 hour'
    FROM generate_series(1, $2::int) AS number, users
    RETURNING id, user_id
"""


class Person(NamedTuple):
    """Somebody who uses the service."""

    id: str
    email: str
    token: str
    tasks: list[str]
    """Ids of tasks that stay for as long as the load lasts."""


def save(people: Iterable[Person], file: Path) -> None:
    """Write them down for the load generator."""
    file.touch(0o600)
    file.write_text(json.dumps(list(people)))


def read(file: Path) -> list[Person]:
    """Those whom somebody has written down."""
    return [Person(*each) for each in json.loads(file.read_text())]


def insert(database_url: str, secret: str, count: int) -> list[Person]:
    """Put people into an empty database, all with one password hash: bcrypt takes its time."""
    return asyncio.run(_insert(database_url, secret, count))


async def _insert(database_url: str, secret: str, count: int) -> list[Person]:
    import asyncpg
    import bcrypt

    from core.accounts.passwords import COST
    from core.accounts.tokens import Tokens
    from core.database.dsn import parse

    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST)).decode()
    connection = await asyncpg.connect(**parse(database_url).arguments())
    users = await connection.fetch(ADD_USERS, password_hash, count)
    tasks: dict[uuid.UUID, list[str]] = {user["id"]: [] for user in users}
    for task in await connection.fetch(ADD_TASKS, DESCRIPTION, TASKS):
        tasks[task["user_id"]].append(str(task["id"]))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    issue = Tokens(secret, hours=24).issue
    return [
        Person(str(user["id"]), user["email"], issue(user["id"], user["email"]), tasks[user["id"]])
        for user in users
    ]


def sign_up(host: str, count: int = SIGN_UPS) -> list[Person]:
    """Sign up people over HTTP, at a service that we know nothing else of."""
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(_sign_up, [host] * count))


def _sign_up(host: str) -> Person:
    account = {"email": f"load-{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    session = _call(host, "POST", "/api/auth/signup", account)
    person = Person(session["user"]["id"], session["user"]["email"], session["token"], [])
    for number in range(TASKS):
        task = {"title": TITLE.format(number), "description": DESCRIPTION}
        person.tasks.append(_call(host, "POST", "/api/tasks", task, person.token)["task"]["id"])
    return person


def tidy_up(host: str, people: Iterable[Person]) -> None:
    """Delete all tasks of people who signed up; no route deletes the accounts."""
    for person in people:
        for task in _call(host, "GET", "/api/tasks", token=person.token)["tasks"]:
            _call(host, "DELETE", f"/api/tasks/{task['id']}", token=person.token)


def _call(host: str, method: str, path: str, body: object = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(host.rstrip("/") + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read() or "null")
