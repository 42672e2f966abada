"""Users that Better Auth created: valid tokens without a row in our table."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import claims, sign, without
from tests.support.users import User, new_email

NEW = {"title": "Buy milk"}


@pytest.fixture
def guest(http: httpx.Client) -> User:
    """Somebody of Better Auth's, with the claims of its tokens."""
    return visitor(http, iss="http://localhost:3000", aud="http://localhost:3000")


def visitor(http: httpx.Client, **more: object) -> User:
    user_id, email = str(uuid4()), new_email()
    return User(http, user_id, email, sign(claims(user_id, **{"email": email} | more)))


def row(sql: Sql, user: User) -> dict[str, object] | None:
    found = sql.rows("SELECT email, password_hash FROM users WHERE id = $1", UUID(user.id))
    return found[0] if found else None


def test_reading_shows_an_empty_list_and_makes_no_user(guest: User, sql: Sql) -> None:
    assert guest.tasks() == []
    expect.error(guest.get(f"/api/tasks/{uuid4()}"), 404, "Task not found")
    assert row(sql, guest) is None


def test_changing_what_is_not_there_makes_no_user(guest: User, sql: Sql, alice: User) -> None:
    task = alice.add()
    expect.error(guest.put(f"/api/tasks/{uuid4()}", json=NEW), 404, "Task not found")
    expect.error(guest.delete(f"/api/tasks/{uuid4()}"), 404, "Task not found")
    expect.error(guest.put(f"/api/tasks/{task['id']}", json=NEW), 403, "Access denied")
    assert row(sql, guest) is None


def test_the_first_task_makes_the_user(guest: User, sql: Sql) -> None:
    task = expect.task(guest.post("/api/tasks", json=NEW), 201)
    assert task["user_id"] == guest.id
    assert row(sql, guest) == {"email": guest.email, "password_hash": "!"}
    assert guest.tasks() == [task]


def test_the_address_is_kept_in_lower_case(http: httpx.Client, sql: Sql) -> None:
    email = new_email()
    guest = visitor(http, email=email.upper())
    assert guest.post("/api/tasks", json=NEW).status_code == 201
    assert row(sql, guest) == {"email": email, "password_hash": "!"}


def test_a_refused_task_makes_no_user(guest: User, sql: Sql) -> None:
    expect.error(guest.post("/api/tasks", json={"title": " "}), 400, "Title is required")
    assert row(sql, guest) is None


def test_the_second_task_finds_the_user(guest: User) -> None:
    titles = [guest.add(title)["title"] for title in ("one", "two")]
    assert [task["title"] for task in guest.tasks()] == titles[::-1]


def test_two_first_tasks_at_once_are_both_kept(guest: User, sql: Sql) -> None:
    with ThreadPoolExecutor(6) as runners:
        answers = list(runners.map(lambda _: guest.post("/api/tasks", json=NEW), range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len(guest.tasks()) == 6
    assert sql.value("SELECT count(*) FROM users WHERE id = $1", UUID(guest.id)) == 1


def test_accounts_are_never_linked_by_their_address(
    http: httpx.Client, sql: Sql, alice: User
) -> None:
    for email in (alice.email, alice.email.upper()):
        guest = visitor(http, email=email)
        expect.unauthorized(guest.post("/api/tasks", json=NEW))
        assert row(sql, guest) is None
        assert guest.tasks() == []
    assert alice.tasks() == []


def test_without_an_address_there_is_no_user(http: httpx.Client, sql: Sql) -> None:
    user_id = str(uuid4())
    guest = User(http, user_id, "", sign(without(claims(user_id), "email")))
    assert guest.tasks() == []
    expect.unauthorized(guest.post("/api/tasks", json=NEW))
    assert row(sql, guest) is None


@pytest.mark.parametrize(
    "email", [None, "", " ", 42, ["a@example.com"], "a" * 300 + "@example.com", "a\0@example.com"]
)
def test_with_an_odd_address_there_is_no_user(http: httpx.Client, sql: Sql, email: object) -> None:
    guest = visitor(http, email=email)
    expect.unauthorized(guest.post("/api/tasks", json=NEW))
    assert row(sql, guest) is None


@pytest.mark.parametrize("domain", ["corp.local", "localhost", "intranet", "todo.test"])
def test_an_address_of_a_company_of_its_own_will_do(
    http: httpx.Client, sql: Sql, domain: str
) -> None:
    guest = visitor(http, email=f"{uuid4().hex}@{domain}")
    guest.add()
    found = row(sql, guest)
    assert found
    assert found["email"].endswith(f"@{domain}")


def test_the_log_says_why_a_user_is_refused(
    http: httpx.Client, service: Program, alice: User
) -> None:
    expect.unauthorized(visitor(http, email=alice.email).post("/api/tasks", json=NEW))
    expect.unauthorized(visitor(http, email=None).post("/api/tasks", json=NEW))
    said = [record["message"] for record in service.records("has no row in users")]
    assert {message.rpartition(": ")[2] for message in said} >= {
        "its e-mail is somebody else's",
        "it names no usable e-mail",
    }
    assert not any(alice.email in message for message in said)


def test_our_own_token_without_a_row_is_a_deleted_account(http: httpx.Client, sql: Sql) -> None:
    leaver = visitor(http, iss="todo")
    assert leaver.tasks() == []
    expect.unauthorized(leaver.post("/api/tasks", json=NEW))
    assert row(sql, leaver) is None


def test_a_user_deleted_after_signup_does_not_come_back(http: httpx.Client, sql: Sql) -> None:
    body = {"email": new_email(), "password": "correct horse"}
    made = http.post("/api/auth/signup", json=body).json()
    leaver = User(http, made["user"]["id"], made["user"]["email"], made["token"])
    leaver.add()
    sql.value("DELETE FROM tasks WHERE user_id = $1", UUID(leaver.id))
    sql.value("DELETE FROM users WHERE id = $1", UUID(leaver.id))
    assert leaver.tasks() == []
    expect.unauthorized(leaver.post("/api/tasks", json=NEW))
    assert row(sql, leaver) is None


@pytest.mark.parametrize("password", ["!", "correct horse"])
def test_a_provisioned_user_has_no_password(http: httpx.Client, guest: User, password: str) -> None:
    guest.add()
    body = {"email": guest.email, "password": password}
    response = http.post("/api/auth/login", json=body)
    expect.error(response, 401, "Invalid email or password")


def test_the_address_of_a_provisioned_user_is_taken(http: httpx.Client, guest: User) -> None:
    guest.add()
    body = {"email": guest.email, "password": "correct horse"}
    expect.error(http.post("/api/auth/signup", json=body), 409, "Email already registered")


def test_a_row_written_later_is_used_as_it_is(
    new_user: Callable[[], User], sql: Sql, http: httpx.Client
) -> None:
    known = new_user()
    moved = User(http, known.id, "", sign(claims(known.id, email=new_email())))
    moved.add()
    assert row(sql, known) == {"email": known.email, "password_hash": "!"}
