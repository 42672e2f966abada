"""Fixtures of the security tests; no request may end in an unexpected error."""

from collections.abc import Iterator

import pytest

from tests.security.private_task import PrivateTask
from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.users import User


@pytest.fixture
def private(alice: User, sql: Sql) -> PrivateTask:
    return PrivateTask(alice, sql)


@pytest.fixture(scope="module", autouse=True)
def no_stack_trace(service: Program) -> Iterator[None]:
    """After each module the service's log has no stack trace."""
    yield
    assert [record for record in service.records() if has_stack_trace(record)] == []
