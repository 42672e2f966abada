"""Fixtures of the security tests; no request may end in an unexpected error."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest

from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.tokens import bearer
from tests.support.users import Task, User

Headers = dict[str, str] | list[tuple[str, str]]


class PrivateTask(NamedTuple):
    """A user's only task, and checks of who can reach it."""

    user: User
    task: Task

    def assert_refused(self, tokens: Iterable[str]) -> None:
        self.assert_headers_refused(*map(bearer, tokens))

    def assert_headers_refused(self, *all_headers: Headers) -> None:
        """Assert 401 to these headers; the task is unchanged."""
        assert all_headers
        for headers in all_headers:
            for method, path in (("GET", ""), ("DELETE", f"/{self.task['id']}")):
                response = self.user.http.request(method, f"/api/tasks{path}", headers=headers)
                expect.unauthorized(response)
        self.assert_accepted(self.user.token)

    def assert_accepted(self, *tokens: str) -> None:
        """Assert that the tokens identify the user."""
        for token in tokens:
            response = self.user.http.get("/api/tasks", headers=bearer(token))
            assert (response.status_code, response.json()) == (200, {"tasks": [self.task]})


@pytest.fixture
def private(alice: User) -> PrivateTask:
    return PrivateTask(alice, alice.add("Private"))


@pytest.fixture(scope="module", autouse=True)
def no_stack_trace(service: Program) -> Iterator[None]:
    """After each module the service's log has no stack trace."""
    yield
    assert [record for record in service.records() if has_stack_trace(record)] == []
