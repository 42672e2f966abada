"""Users that Better Auth created: valid tokens without a row in `users`."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import claims, sign
from tests.support.users import User, new_email

NEW = {"title": "Buy milk"}
ABSENT = "(absent)"
ISSUER = "http://localhost:3000"
DOMAINS = ["EXAMPLE.COM", "corp.local", "localhost", "intranet", "todo.test"]
NO_EMAIL, OTHERS = "it names no usable e-mail", "its e-mail belongs to another user"
REFUSED = [  # claims, with the e-mail of another user; the reason in the log
    *(({"email": each}, NO_EMAIL) for each in (None, "", " ", 42, ["a@b.co"], "a\0@example.com")),
    ({"email": ABSENT}, NO_EMAIL),
    ({"email": "a" * 300 + "@example.com"}, NO_EMAIL),
    ({}, OTHERS),
    ({"iss": "todo"}, "the account has been deleted"),
]


def unknown_user(http: httpx.Client, **more: object) -> User:
    """A user without a row, with these claims beside the usual ones."""
    user_id, email = str(uuid4()), new_email()
    content = claims(user_id, **{"email": email} | more)
    given = {name: value for name, value in content.items() if value != ABSENT}
    return User(http, user_id, email, sign(given))


@pytest.fixture
def user(http: httpx.Client) -> User:
    return unknown_user(http)


def row(sql: Sql, user: User) -> dict[str, object] | None:
    found = sql.rows("SELECT email, password_hash FROM users WHERE id = $1", UUID(user.id))
    return found[0] if found else None


def test_only_a_valid_create_needs_a_row(user: User, sql: Sql, alice: User) -> None:
    path = f"/api/tasks/{uuid4()}"
    assert user.tasks() == []
    for response in (user.get(path), user.put(path, json=NEW), user.delete(path)):
        expect.error(response, 404, "Task not found")
    others = f"/api/tasks/{alice.add()['id']}"
    expect.error(user.put(others, json=NEW), 403, "Access denied")
    expect.error(user.post("/api/tasks", json={"title": " "}), 400, "Title is required")
    assert row(sql, user) is None


@pytest.mark.parametrize("domain", DOMAINS)
def test_first_create_provisions_the_user(http: httpx.Client, sql: Sql, domain: str) -> None:
    email = f"User.{uuid4().hex}@{domain}"
    user = unknown_user(http, email=email, iss=ISSUER, aud=ISSUER)
    first = expect.task(user.post("/api/tasks", json=NEW), 201)
    assert first["user_id"] == user.id
    assert row(sql, user) == {"email": email.lower(), "password_hash": "!"}
    second = user.add("the next one")
    assert user.tasks() == [second, first]


def test_concurrent_first_creates_are_all_stored(user: User, sql: Sql) -> None:
    with ThreadPoolExecutor(6) as runners:
        responses = list(runners.map(lambda _: user.post("/api/tasks", json=NEW), range(6)))
    assert [response.status_code for response in responses] == [201] * 6
    assert len(user.tasks()) == 6
    assert sql.value("SELECT count(*) FROM users WHERE id = $1", UUID(user.id)) == 1


@pytest.mark.parametrize(("more", "reason"), REFUSED)
def test_user_is_not_provisioned_and_the_log_names_the_reason(
    sql: Sql, service: Program, alice: User, more: dict[str, object], reason: str
) -> None:
    user = unknown_user(alice.http, **{"email": alice.email.upper()} | more)
    request_id = uuid4().hex
    response = user.post("/api/tasks", json=NEW, headers={"X-Request-ID": request_id})
    expect.unauthorized(response)
    assert (row(sql, user), user.tasks(), alice.tasks()) == (None, [], [])
    [record] = service.records(request_id)
    assert record["message"].endswith(f"has no row in users: {reason}")
    assert alice.email not in str(record).lower()


def test_user_deleted_after_signup_is_401(http: httpx.Client, sql: Sql) -> None:
    body = {"email": new_email(), "password": "correct horse"}
    created = http.post("/api/auth/signup", json=body).json()
    user = User(http, created["user"]["id"], created["user"]["email"], created["token"])
    user.add()
    sql.value("DELETE FROM tasks WHERE user_id = $1", UUID(user.id))
    sql.value("DELETE FROM users WHERE id = $1", UUID(user.id))
    expect.unauthorized(user.post("/api/tasks", json=NEW))
    assert (row(sql, user), user.tasks()) == (None, [])


def test_row_of_a_known_user_is_not_changed(http: httpx.Client, sql: Sql, alice: User) -> None:
    User(http, alice.id, "", sign(claims(alice.id, email=new_email()))).add()
    assert row(sql, alice) == {"email": alice.email, "password_hash": "!"}
