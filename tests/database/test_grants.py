"""The role that README shows: it suffices, each of its rights is needed, and it has no more."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.server.test_readme import block
from tests.support import expect
from tests.support.program import Program, reason
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SCHEMA = (Path(__file__).parents[2] / "schema.sql").read_text()
ROLE = "todo_service"
AWAY = "Service temporarily unavailable"
WAYS_IN = ("signup", "login")
ACCOUNT = {"email": "ada@example.com", "password": "correct horse"}
CHANGE = {"title": "Buy bread", "description": "brown", "completed": True}
RIGHTS: dict[str, tuple[str, str, object]] = {
    "SELECT ON users": ("POST", "/api/auth/login", ACCOUNT),
    "INSERT ON users": ("POST", "/api/auth/signup", ACCOUNT),
    "SELECT ON tasks": ("GET", "/api/tasks", None),
    "INSERT ON tasks": ("POST", "/api/tasks", CHANGE),
    "UPDATE ON tasks": ("PUT", "/api/tasks/{id}", CHANGE),
    "DELETE ON tasks": ("DELETE", "/api/tasks/{id}", None),
}
KEY_RIGHTS = [f"{right} ON idempotency_keys" for right in ("SELECT", "INSERT", "UPDATE", "DELETE")]
COLUMNS = f"""
    REVOKE ALL ON users, tasks FROM {ROLE};
    GRANT SELECT (id, email, password_hash), INSERT (id, email, password_hash) ON users TO {ROLE};
    GRANT SELECT, DELETE, INSERT (id, title, description, user_id, created_at, updated_at),
        UPDATE (title, description, completed, updated_at) ON tasks TO {ROLE}"""


class Restricted(NamedTuple):
    """A service with the role of README."""

    http: httpx.Client
    service: Program
    owner: Sql
    url: str


@pytest.fixture
def restricted(start: Callable[..., Program], postgres: str) -> Iterator[Restricted]:
    url = new_database(postgres)
    name = urlsplit(url).path[1:]
    rights = block("grants").replace("DATABASE todo ", f"DATABASE {name} ")
    with Sql(url) as owner:
        owner.script(SCHEMA)
        owner.script(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        owner.script("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        try:
            owner.script(rights)
            service = start(url.replace("//todo@", f"//{ROLE}@"))
            with httpx.Client(base_url=service.url, timeout=20) as http:
                yield Restricted(http, service, owner, service.environment["DATABASE_URL"])
            service.stop()
        finally:
            owner.script(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def lives(http: httpx.Client) -> None:
    """Go through the API as someone who signs up, and as someone whom a write provisions."""
    statuses = [http.post(f"/api/auth/{way}", json=ACCOUNT).status_code for way in WAYS_IN]
    assert statuses == [201, 200]
    member = User(http, str(uuid4()), new_email())
    task = member.add()
    path = f"/api/tasks/{task['id']}"
    assert member.tasks() == [task]
    assert member.get(path).json() == {"task": task}
    assert expect.task(member.put(path, json=CHANGE)).items() >= CHANGE.items()
    assert once(member).status_code == 201
    assert member.delete(path).status_code == 204
    assert member.get(path).status_code == 404
    assert http.get("/health/ready").status_code == 200


def once(member: User) -> httpx.Response:
    return member.post("/api/tasks", json=CHANGE, headers={"Idempotency-Key": "a"})


def test_the_role_suffices(restricted: Restricted) -> None:
    lives(restricted.http)


def test_each_right_is_needed(restricted: Restricted) -> None:
    member = User(restricted.http, str(uuid4()), new_email())
    task = member.add()
    for right, (method, path, content) in RIGHTS.items():
        restricted.owner.script(f"REVOKE {right} FROM {ROLE}")
        refused = member.call(method, path.format(**task), json=content)
        expect.error(refused, 500, AWAY)
        (record,) = restricted.service.records(refused.headers["x-request-id"])
        assert reason(record) == "InsufficientPrivilegeError"
        restricted.owner.script(f"GRANT {right} TO {ROLE}")
    for right in KEY_RIGHTS:
        restricted.owner.script(f"REVOKE {right} FROM {ROLE}")
        expect.error(once(member), 500, AWAY)
        assert member.add()
        restricted.owner.script(f"GRANT {right} TO {ROLE}")
    lives(restricted.http)


def test_the_way_to_the_tables_is_needed_too(restricted: Restricted) -> None:
    with Sql(restricted.url) as role:
        assert role.value("SELECT count(*) FROM tasks") == 0
        restricted.owner.script(f"REVOKE USAGE ON SCHEMA public FROM {ROLE}")
        with pytest.raises(asyncpg.UndefinedTableError):
            role.value("SELECT count(*) FROM tasks")
    name = urlsplit(restricted.url).path[1:]
    restricted.owner.script(f"REVOKE CONNECT ON DATABASE {name} FROM {ROLE}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        Sql(restricted.url)


def test_it_can_be_held_to_single_columns(restricted: Restricted) -> None:
    restricted.owner.script(COLUMNS)
    lives(restricted.http)


def test_the_role_can_do_nothing_else(restricted: Restricted) -> None:
    with Sql(restricted.url) as role:
        assert role.value("SELECT current_user") == ROLE
        for statement in (
            "CREATE TABLE more (id int)",
            "CREATE SCHEMA more",
            "CREATE DATABASE more",
            "CREATE ROLE more",
            "CREATE INDEX ON tasks (title)",
            "ALTER TABLE tasks ADD more text",
            "ALTER TABLE tasks DISABLE TRIGGER ALL",
            "ALTER TABLE users OWNER TO CURRENT_USER",
            "TRUNCATE tasks",
            "DROP TABLE tasks",
            "DELETE FROM users",
            "UPDATE users SET email = 'mallory@example.com'",
            "SELECT pg_read_file('PG_VERSION')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                role.script(statement)
