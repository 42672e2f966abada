"""The accounts that the users of a load test have, with their tasks."""

import asyncio
import json
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

TASKS = 20  # of each account
SIGN_UPS = 12  # at a running service, where each costs the time of bcrypt
PASSWORD = "correct horse battery staple"  # noqa: S105
INSERT_USERS = """
    INSERT INTO users (email, password_hash)
    SELECT 'load-' || number || '@example.com', $1 FROM generate_series(1, $2::int) AS number
    RETURNING id, email"""
INSERT_TASKS = """
    INSERT INTO tasks (title, description, user_id)
    SELECT 'A task of a load test', repeat('x', 80), users.id
    FROM users, generate_series(1, $1::int) RETURNING id, user_id"""


class Account(NamedTuple):
    """An account, its token, and ids of tasks that are not deleted during the load."""

    id: str
    email: str
    token: str
    tasks: list[str]


def save(accounts: list[Account], file: Path) -> None:
    """Write the accounts for Locust, readable by this user only."""
    file.touch(0o600)
    file.write_text(json.dumps(accounts))


def read(file: Path) -> list[Account]:
    """The accounts in a file."""
    return [Account(*each) for each in json.loads(file.read_text())]


async def insert(database_url: str, secret: str, count: int) -> list[Account]:
    """Insert accounts into an empty database, all with one password hash."""
    import asyncpg
    import bcrypt

    from core.accounts.passwords import COST
    from core.accounts.tokens import Tokens

    password_hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(COST)).decode()
    connection = await asyncpg.connect(database_url)
    users = await connection.fetch(INSERT_USERS, password_hash, count)
    tasks: dict[uuid.UUID, list[str]] = {user["id"]: [] for user in users}
    for task in await connection.fetch(INSERT_TASKS, TASKS):
        tasks[task["user_id"]].append(str(task["id"]))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    issue = Tokens(secret, hours=24).issue
    return [
        Account(str(user["id"]), user["email"], issue(user["id"], user["email"]), tasks[user["id"]])
        for user in users
    ]


def insert_now(database_url: str, secret: str, count: int) -> list[Account]:
    """The same, from synchronous code."""
    return asyncio.run(insert(database_url, secret, count))


def sign_up(host: str) -> list[Account]:
    """Sign up accounts at a running service, over HTTP. Raises OSError."""
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(_sign_up, [host] * SIGN_UPS))


def _sign_up(host: str) -> Account:
    credentials = {"email": f"load-{uuid.uuid4().hex}@example.com", "password": PASSWORD}
    session = _call(host, "POST", "/api/auth/signup", credentials)
    user, token = session["user"], session["token"]
    task = {"title": "A task of a load test", "description": "x" * 80}
    tasks = [_call(host, "POST", "/api/tasks", task, token)["task"]["id"] for _ in range(TASKS)]
    return Account(user["id"], user["email"], token, tasks)


def delete_tasks(host: str, accounts: list[Account]) -> None:
    """Delete all tasks of accounts that were signed up; there is no route to delete accounts."""
    for account in accounts:
        for task in _call(host, "GET", "/api/tasks", token=account.token)["tasks"]:
            _call(host, "DELETE", f"/api/tasks/{task['id']}", token=account.token)


def _call(host: str, method: str, path: str, body: object = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(host + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.loads(response.read() or "null")
