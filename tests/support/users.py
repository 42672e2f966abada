"""Users of the service, inserted and with signed tokens: without bcrypt."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, sign

Task = dict[str, Any]
ADD_USER = "INSERT INTO users (id, email, password_hash, created_at) VALUES ($1, $2, $3, $4)"
ADD_TASK = (
    "INSERT INTO tasks (id, title, description, completed, user_id, created_at, updated_at)"
    " VALUES ($1, $2, NULL, FALSE, $3, $4, $4)"
)


def new_email() -> str:
    """An e-mail address that no user has."""
    return f"{uuid4().hex}@example.com"


class User:
    """A user with a token, and a client."""

    def __init__(self, http: httpx.Client, user_id: str, email: str, token: str = "") -> None:
        self.http = http
        self.id = user_id
        self.email = email
        self.token = token or sign(claims(user_id, email=email))

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = bearer(self.token) | options.pop("headers", {})
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.call("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.call("DELETE", path, **options)

    def add(self, title: str = "Buy milk", **fields: object) -> Task:
        """Create a task over HTTP."""
        response = self.post("/api/tasks", json={"title": title, **fields})
        assert response.status_code == 201, response.text
        task: Task = response.json()["task"]
        return task

    def tasks(self) -> list[Task]:
        response = self.get("/api/tasks")
        assert response.status_code == 200, response.text
        tasks: list[Task] = response.json()["tasks"]
        return tasks


def add_user(sql: Sql, http: httpx.Client, email: str = "", kept: str = "!") -> User:
    """Insert a user; `kept` is the password hash."""
    user = User(http, str(uuid4()), email or new_email())
    sql.value(ADD_USER, UUID(user.id), user.email, kept, datetime.now(UTC))
    return user


def add_task(sql: Sql, user: User, title: str, created: datetime) -> str:
    """Insert a task of this moment; return its id."""
    task_id = uuid4()
    sql.value(ADD_TASK, task_id, title, UUID(user.id), created)
    return str(task_id)
