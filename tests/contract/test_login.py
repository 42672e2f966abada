"""POST /api/auth/login: the right password, and nothing that helps to find it."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import bcrypt
import httpx
import jwt
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import User, add_user, new_email

PASSWORD = "correct horse"
REFUSED = "Invalid email or password"


def hashed(password: str, cost: int = 4) -> str:
    """A bcrypt hash; the lowest cost is checked in 1 ms."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


@pytest.fixture(scope="module")
def user(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http, f"user.{new_email()}", hashed(PASSWORD))


def login(
    http: httpx.Client, email: str, password: str = PASSWORD, **more: object
) -> httpx.Response:
    return http.post("/api/auth/login", json={"email": email, "password": password}, **more)


def test_response_has_a_token_and_the_user(http: httpx.Client, user: User) -> None:
    response = login(http, user.email)
    assert response.status_code == 200
    token = response.json()["token"]
    assert response.json() == {"token": token, "user": {"id": user.id, "email": user.email}}
    content = jwt.decode(token, SECRET, algorithms=["HS256"])
    times = {"iat": content["iat"], "exp": content["iat"] + 24 * 3600}
    names = {"sub": user.id, "user_id": user.id, "email": user.email, "iss": "todo"}
    assert content == names | times
    assert abs(content["iat"] - time.time()) < 5
    assert http.get("/api/tasks", headers=bearer(token)).json() == {"tasks": []}


@pytest.mark.parametrize("spell", [str.upper, str.title, " {}\n".format])
def test_email_may_be_spelled_in_any_case(
    http: httpx.Client, user: User, spell: Callable[[str], str]
) -> None:
    assert login(http, spell(user.email)).json()["user"]["id"] == user.id


@pytest.mark.parametrize(
    "email",
    [
        pytest.param("{}@example.com", id="ascii"),
        pytest.param("Jose\u0301.{}@example.com", id="decomposed"),
        pytest.param("{}@BÜCHER.example", id="international"),
        pytest.param("{}@xn--bcher-kva.example", id="punycode"),
    ],
)
def test_email_of_the_signup_logs_in(http: httpx.Client, sql: Sql, email: str) -> None:
    account = {"email": email.format(uuid4().hex), "password": PASSWORD}
    created = http.post("/api/auth/signup", json=account)
    assert created.status_code == 201
    user = created.json()["user"]
    quick = "UPDATE users SET password_hash = $2 WHERE id = $1"
    sql.value(quick, UUID(user["id"]), hashed(PASSWORD))
    assert login(http, account["email"]).json()["user"] == user
    assert login(http, user["email"]).json()["user"] == user


def test_unknown_email_and_wrong_password_get_equal_responses(
    http: httpx.Client, user: User
) -> None:
    wrong, unknown = login(http, user.email, "wrong horse"), login(http, new_email())
    for response in (wrong, unknown):
        expect.error(response, 401, REFUSED)
        del response.headers["x-request-id"], response.headers["date"]
    assert wrong.headers == unknown.headers


def test_unknown_email_and_wrong_password_take_the_same_time(http: httpx.Client, sql: Sql) -> None:
    usual = add_user(sql, http, "", hashed(PASSWORD, cost=12))

    def seconds(email: str) -> float:
        response = login(http, email, "wrong horse")
        expect.error(response, 401)
        return response.elapsed.total_seconds()

    in_turns = [(seconds(new_email()), seconds(usual.email)) for _ in range(4)]
    unknown, known = map(min, zip(*in_turns, strict=True))
    assert 0.6 < unknown / known < 1.7


@pytest.mark.parametrize(
    "password",
    [
        *("x", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, "🔑"),
        *(PASSWORD + "\0", PASSWORD + "\0more", "\0", "a" * 73, "é" * 37, "a" * 100_000),
    ],
    ids=lambda password: ascii(password)[:30],
)
def test_wrong_password_is_401(http: httpx.Client, user: User, password: str) -> None:
    expect.error(login(http, user.email, password), 401, REFUSED)


def test_password_with_lone_surrogate_is_401(http: httpx.Client, user: User) -> None:
    body = f'{{"email": "{user.email}", "password": "{PASSWORD}\\ud800"}}'
    expect.error(http.post("/api/auth/login", content=body), 401, REFUSED)


def test_all_72_bytes_of_a_password_count(http: httpx.Client, sql: Sql) -> None:
    user = add_user(sql, http, "", hashed("a" * 72))
    assert login(http, user.email, "a" * 72).status_code == 200
    for length in (71, 73):
        expect.error(login(http, user.email, "a" * length), 401, REFUSED)


@pytest.mark.parametrize("email", ["nonsense", "@", "x" * 300 + "@example.com", "' OR 1=1 --"])
def test_invalid_email_is_401(http: httpx.Client, email: str) -> None:
    expect.error(login(http, email), 401, REFUSED)


@pytest.mark.parametrize("password", ["!", PASSWORD])
def test_unusable_hash_fits_no_password(http: httpx.Client, sql: Sql, password: str) -> None:
    user = add_user(sql, http, kept="!")
    expect.error(login(http, user.email, password), 401, REFUSED)


def test_authorization_header_is_ignored(http: httpx.Client, user: User) -> None:
    for headers in (
        bearer(sign(claims(str(uuid4()), exp=1))),
        bearer("rubbish"),
        {"Authorization": "Basic YTpi"},
        [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
    ):
        response = login(http, user.email, headers=headers)
        assert response.status_code == 200
        assert response.json()["user"]["id"] == user.id


def test_deleted_user_cannot_log_in(http: httpx.Client, sql: Sql) -> None:
    user = add_user(sql, http, "", hashed(PASSWORD))
    sql.value("DELETE FROM users WHERE id = $1", UUID(user.id))
    expect.error(login(http, user.email), 401, REFUSED)
