"""The role of docs/operations.md suffices, each of its rights is needed, and it has no other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.support import expect
from tests.support.markdown import ROOT, block
from tests.support.program import Program, reason
from tests.support.routes import use_every_route
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

ROLE = "todo_service"
REFUSED, NO_TABLE = asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError
ACCOUNT = {"email": "ada@example.com", "password": "correct horse"}
TASK = {"title": "Buy bread"}
KEY = {"Idempotency-Key": "a"}
RIGHTS: dict[str, tuple[str, str, dict[str, object]]] = {
    "SELECT ON users": ("POST", "/api/auth/login", {"json": ACCOUNT}),
    "INSERT ON users": ("POST", "/api/auth/signup", {"json": ACCOUNT}),
    "SELECT ON tasks": ("GET", "/api/tasks", {}),
    "INSERT ON tasks": ("POST", "/api/tasks", {"json": TASK}),
    "UPDATE ON tasks": ("PUT", "/api/tasks/{id}", {"json": TASK}),
    "DELETE ON tasks": ("DELETE", "/api/tasks/{id}", {}),
    **{
        f"{right} ON idempotency_keys": ("POST", "/api/tasks", {"json": TASK, "headers": KEY})
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
    },
}
FORBIDDEN = """
    CREATE TABLE more (id int); CREATE SCHEMA more; CREATE DATABASE more; CREATE ROLE more;
    CREATE INDEX ON tasks (title); ALTER TABLE tasks ADD more text; DROP TABLE tasks;
    ALTER TABLE tasks DISABLE TRIGGER ALL; ALTER TABLE users OWNER TO CURRENT_USER; TRUNCATE tasks;
    DELETE FROM users; UPDATE users SET email = 'mallory@example.com';
    SELECT pg_read_file('PG_VERSION')"""


class Restricted(NamedTuple):
    """A service with that role, and the owner of its database."""

    http: httpx.Client
    service: Program
    owner: Sql
    url: str

    @contextmanager
    def without(self, right: str) -> Iterator[None]:
        self.owner.script(f"REVOKE {right} FROM {ROLE}")
        yield
        self.owner.script(f"GRANT {right} TO {ROLE}")


@pytest.fixture(scope="module")
def restricted(start: Callable[..., Program], postgres: str) -> Iterator[Restricted]:
    url = new_database(postgres)
    name = urlsplit(url).path[1:]
    grants = block("docs/operations.md", "grants").replace("DATABASE todo ", f"DATABASE {name} ")
    with Sql(url) as owner:
        owner.script((ROOT / "schema.sql").read_text())
        owner.script(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        owner.script("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        try:
            owner.script(grants)
            service = start(url.replace("//todo@", f"//{ROLE}@"))
            with httpx.Client(base_url=service.url, timeout=20) as http:
                yield Restricted(http, service, owner, service.environment["DATABASE_URL"])
            service.kill()
        finally:
            owner.script(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_role_suffices_and_each_right_is_needed(restricted: Restricted) -> None:
    use_every_route(restricted.http)
    user = User(restricted.http, str(uuid4()), new_email())
    task = user.add()
    for right, (method, path, options) in RIGHTS.items():
        with restricted.without(right):
            response = user.call(method, path.format(**task), **options)
            expect.error(response, 500, "Service temporarily unavailable")
            assert "idempotency" not in right or user.add()
        (record,) = restricted.service.records(response.headers["x-request-id"])
        assert reason(record) == "InsufficientPrivilegeError"


def test_rights_on_schema_and_database_are_needed(restricted: Restricted) -> None:
    name = urlsplit(restricted.url).path[1:]
    schema, database = "USAGE ON SCHEMA public", f"CONNECT ON DATABASE {name}"
    with Sql(restricted.url) as role, restricted.without(schema), pytest.raises(NO_TABLE):
        role.value("SELECT count(*) FROM tasks")
    with restricted.without(database), pytest.raises(REFUSED):
        Sql(restricted.url)


def test_role_has_no_other_right(restricted: Restricted) -> None:
    with Sql(restricted.url) as role:
        assert role.value("SELECT current_user") == ROLE
        for statement in FORBIDDEN.split(";"):
            with pytest.raises(REFUSED):
                role.script(statement)
