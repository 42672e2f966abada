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
BETTER_AUTH = "http://localhost:3000"
Row = dict[str, object]


def unknown_user(http: httpx.Client, **more: object) -> User:
    """A user without a row, with these claims beside the usual ones."""
    user_id, email = str(uuid4()), new_email()
    return User(http, user_id, email, sign(claims(user_id, **{"email": email} | more)))


@pytest.fixture
def user(http: httpx.Client) -> User:
    return unknown_user(http, iss=BETTER_AUTH, aud=BETTER_AUTH)


def row(sql: Sql, user: User) -> Row | None:
    found = sql.rows("SELECT email, password_hash FROM users WHERE id = $1", UUID(user.id))
    return found[0] if found else None


def assert_not_provisioned(user: User, sql: Sql) -> None:
    """A write is refused, a read shows an empty list, and there is no row."""
    assert user.tasks() == []
    expect.unauthorized(user.post("/api/tasks", json=NEW))
    assert user.tasks() == []
    assert row(sql, user) is None


def test_only_a_valid_create_needs_a_row(user: User, sql: Sql, alice: User) -> None:
    path = f"/api/tasks/{uuid4()}"
    assert user.tasks() == []
    for response in (user.get(path), user.put(path, json=NEW), user.delete(path)):
        expect.error(response, 404, "Task not found")
    others = f"/api/tasks/{alice.add()['id']}"
    expect.error(user.put(others, json=NEW), 403, "Access denied")
    expect.error(user.post("/api/tasks", json={"title": " "}), 400, "Title is required")
    assert row(sql, user) is None


def test_first_create_provisions_the_user(user: User, sql: Sql) -> None:
    first = expect.task(user.post("/api/tasks", json=NEW), 201)
    assert first["user_id"] == user.id
    assert row(sql, user) == {"email": user.email, "password_hash": "!"}
    assert user.tasks() == [first]
    second = user.add("the next one")
    assert user.tasks() == [second, first]


def test_provisioned_user_cannot_log_in_or_sign_up(http: httpx.Client, user: User) -> None:
    user.add()
    for password in ("!", "correct horse"):
        body = {"email": user.email, "password": password}
        response = http.post("/api/auth/login", json=body)
        expect.error(response, 401, "Invalid email or password")
    expect.error(http.post("/api/auth/signup", json=body), 409, "Email already registered")


@pytest.mark.parametrize(
    "form",
    [
        *("{}@example.com", "{}@corp.local", "{}@localhost", "{}@intranet", "{}@todo.test"),
        pytest.param("{}@EXAMPLE.COM", id="capitals"),
    ],
)
def test_email_is_stored_in_lower_case(http: httpx.Client, sql: Sql, form: str) -> None:
    email = form.format(uuid4().hex)
    user = unknown_user(http, email=email)
    user.add()
    assert row(sql, user) == {"email": email.lower(), "password_hash": "!"}


def test_concurrent_first_creates_are_all_stored(user: User, sql: Sql) -> None:
    with ThreadPoolExecutor(6) as runners:
        responses = list(runners.map(lambda _: user.post("/api/tasks", json=NEW), range(6)))
    assert [response.status_code for response in responses] == [201] * 6
    assert len(user.tasks()) == 6
    assert sql.value("SELECT count(*) FROM users WHERE id = $1", UUID(user.id)) == 1


def test_accounts_are_never_linked_by_email(http: httpx.Client, sql: Sql, alice: User) -> None:
    for email in (alice.email, alice.email.upper()):
        assert_not_provisioned(unknown_user(http, email=email), sql)
    assert alice.tasks() == []


@pytest.mark.parametrize(
    "email",
    [
        *(None, "", " ", 42, ["a@example.com"], "a\0@example.com"),
        pytest.param("a" * 300 + "@example.com", id="too long"),
    ],
)
def test_unusable_email_is_401(http: httpx.Client, sql: Sql, email: object) -> None:
    assert_not_provisioned(unknown_user(http, email=email), sql)


def test_token_without_email_is_401(http: httpx.Client, sql: Sql) -> None:
    user_id = str(uuid4())
    assert_not_provisioned(User(http, user_id, "", sign(claims(user_id))), sql)


def test_token_of_our_own_is_never_provisioned_from(http: httpx.Client, sql: Sql) -> None:
    assert_not_provisioned(unknown_user(http, iss="todo"), sql)


def test_user_deleted_after_signup_is_not_provisioned(http: httpx.Client, sql: Sql) -> None:
    body = {"email": new_email(), "password": "correct horse"}
    created = http.post("/api/auth/signup", json=body).json()
    user = User(http, created["user"]["id"], created["user"]["email"], created["token"])
    user.add()
    sql.value("DELETE FROM tasks WHERE user_id = $1", UUID(user.id))
    sql.value("DELETE FROM users WHERE id = $1", UUID(user.id))
    assert_not_provisioned(user, sql)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "its e-mail belongs to another user"),
        ({"email": None}, "it names no usable e-mail"),
        ({"iss": "todo"}, "the account has been deleted"),
    ],
)
def test_log_names_the_reason_without_the_email(
    http: httpx.Client, service: Program, alice: User, more: Row, reason: str
) -> None:
    user, request_id = unknown_user(http, **{"email": alice.email} | more), uuid4().hex
    headers = {"X-Request-ID": request_id}
    expect.unauthorized(user.post("/api/tasks", json=NEW, headers=headers))
    [record] = service.records(request_id)
    assert record["message"].endswith(f"has no row in users: {reason}")
    assert alice.email not in str(record)


def test_row_of_a_known_user_is_not_changed(http: httpx.Client, sql: Sql, alice: User) -> None:
    User(http, alice.id, "", sign(claims(alice.id, email=new_email()))).add()
    assert row(sql, alice) == {"email": alice.email, "password_hash": "!"}
