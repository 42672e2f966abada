"""A user with a task that no other token may reach."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tests.support import expect
from tests.support.sql import Sql
from tests.support.tokens import bearer
from tests.support.users import User

Headers = dict[str, str] | list[tuple[str, str]]
CHANGE = {"title": "Changed", "completed": True}
STATE = """
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM tasks) AS tasks,
       title, description, completed, updated_at FROM tasks WHERE id = $1
"""


class PrivateTask:
    """The user's only task, and every private route to it."""

    def __init__(self, user: User, sql: Sql) -> None:
        self.user = user
        self.sql = sql
        self.task = user.add("Private")
        self.requests = 0
        path = f"/api/tasks/{self.task['id']}"
        self.routes = [
            *(("GET", "/api/tasks"), ("POST", "/api/tasks")),
            *(("GET", path), ("PUT", path), ("DELETE", path)),
        ]

    def assert_refused(self, *tokens: str) -> None:
        """Every private route responds with 401, and the database is unchanged."""
        self.assert_headers_refused(*map(bearer, tokens))

    def assert_headers_refused(self, *all_headers: Headers) -> None:
        before = self._state()
        for headers in all_headers:
            for method, path in self.routes:
                body = None if method in {"GET", "DELETE"} else CHANGE
                response = self.user.http.request(method, path, headers=headers, json=body)
                expect.unauthorized(response)
                assert response.content == b'{"error":"Unauthorized"}'
                self.requests += 1
        assert self._state() == before

    def assert_accepted(self, *tokens: str) -> None:
        """The tokens identify the user."""
        for token in tokens:
            response = self.user.http.get("/api/tasks", headers=bearer(token))
            assert response.status_code == 200, response.text
            assert response.json() == {"tasks": [self.task]}

    def assert_hidden_from(self, tokens: Iterable[str]) -> None:
        """The tokens are invalid, or identify another user."""
        for token in tokens:
            response = self.user.http.get("/api/tasks", headers=bearer(token))
            if response.status_code == 200:
                assert response.json() == {"tasks": []}
            else:
                expect.unauthorized(response)

    def _state(self) -> dict[str, Any]:
        return self.sql.rows(STATE, UUID(self.task["id"]))[0]
