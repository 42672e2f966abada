"""Somebody with a task, whom nobody else's token must reach."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.support import expect
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import User

Headers = dict[str, str] | list[tuple[str, str]]
THEFT = {"title": "Stolen", "completed": True}
STATE = """
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM tasks) AS tasks,
       title, description, completed, updated_at FROM tasks WHERE id = $1
"""


class Victim:
    """A user, the user's only task, and every private route there is to it."""

    def __init__(self, user: User, sql: Sql) -> None:
        self.user = user
        self.sql = sql
        self.task = user.add("Private")
        self.asked = 0
        path = f"/api/tasks/{self.task['id']}"
        self.routes = [
            *(("GET", "/api/tasks"), ("POST", "/api/tasks")),
            *(("GET", path), ("PUT", path), ("DELETE", path)),
        ]

    def is_safe_from(self, *tokens: str) -> None:
        """Every private route refuses these tokens, and nothing in the database has changed."""
        self.is_safe_with(*map(bearer, tokens))

    def is_safe_with(self, *all_headers: Headers) -> None:
        before = self._state()
        for headers in all_headers:
            for method, path in self.routes:
                body = None if method in {"GET", "DELETE"} else THEFT
                answer = self.user.http.request(method, path, headers=headers, json=body)
                expect.unauthorized(answer)
                assert answer.content == b'{"error":"Unauthorized"}'
                self.asked += 1
        assert self._state() == before

    def opens_to(self, *tokens: str) -> None:
        """These tokens are the user's own, and show the task."""
        for token in tokens:
            answer = self.user.http.get("/api/tasks", headers=bearer(token))
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"tasks": [self.task]}

    def shows_nothing_to(self, tokens: Iterable[str]) -> None:
        """These tokens are good or not, but never the user's."""
        for token in tokens:
            answer = self.user.http.get("/api/tasks", headers=bearer(token))
            if answer.status_code == 200:
                assert answer.json() == {"tasks": []}
            else:
                expect.unauthorized(answer)

    def _state(self) -> dict[str, Any]:
        return self.sql.rows(STATE, UUID(self.task["id"]))[0]
