"""Sign-up and log-in with e-mail and password; see test_refusals.py for bodies that are refused."""

import json
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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
REFUSED, TAKEN = "Invalid email or password", "Email already registered"
EXPIRED = f"Bearer {sign(claims('d4c816f6-260e-475d-813e-7bff10b5c4fe', iat=0, exp=1))}"
LONG_DOMAIN = f"@{'y' * 60}.{'y' * 60}.{'z' * 63}.com"

WRONG = [
    *("x", PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, "🔑", PASSWORD + "\ud800"),
    *(PASSWORD + "\0", PASSWORD + "\0more", "\0", "a" * 73, "é" * 37, "a" * 100_000),
]


def post(
    http: httpx.Client,
    action: str,
    email: str,
    password: str = PASSWORD,
    authorization: Iterable[str] = (),
    **unknown: object,
) -> httpx.Response:
    headers = [("Authorization", value) for value in authorization]
    content = json.dumps({"email": email, "password": password} | unknown)
    return http.post(f"/api/auth/{action}", content=content, headers=headers)


def hashed(password: str = PASSWORD) -> str:
    """A bcrypt hash of the lowest cost, which is checked in 1 ms."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def assert_session(response: httpx.Response, status: int, email: str) -> str:
    """A response with a token that is valid for 24 hours, and the user; the user's id."""
    assert response.status_code == status, response.text
    token, user_id = response.json()["token"], response.json()["user"]["id"]
    assert response.json() == {"token": token, "user": {"id": user_id, "email": email}}
    assert expect.is_id(user_id)
    content = jwt.decode(token, SECRET, algorithms=["HS256"])
    user = {"sub": user_id, "user_id": user_id, "email": email, "iss": "todo"}
    assert content == user | {"iat": content["iat"], "exp": content["iat"] + 24 * 3600}
    assert abs(content["iat"] - time.time()) < 5
    return user_id


@pytest.fixture(scope="module")
def user(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http, "", hashed())


def test_signup_stores_email_trimmed_and_password_hashed(http: httpx.Client, sql: Sql) -> None:
    email = f"user.{new_email()}"
    response = post(http, "signup", f"  {email.title()} ")
    assert_session(response, 201, email)
    stored = sql.value("SELECT password_hash FROM users WHERE email = $1", email)
    assert stored.startswith("$2b$12$")
    assert bcrypt.checkpw(PASSWORD.encode(), stored.encode())
    tasks = http.get("/api/tasks", headers=bearer(response.json()["token"]))
    assert (tasks.status_code, tasks.json()) == (200, {"tasks": []})
    for spelling in (email, f"  {email.upper()}\t"):
        expect.error(post(http, "signup", spelling), 409, TAKEN)


def test_concurrent_signups_make_one_account(http: httpx.Client, sql: Sql) -> None:
    email = new_email()
    spellings = [email, email.upper(), email, email.title()]
    with ThreadPoolExecutor(4) as runners:
        responses = list(runners.map(lambda spelling: post(http, "signup", spelling), spellings))
    assert sorted(each.status_code for each in responses) == [201, 409, 409, 409]
    assert sql.value("SELECT count(*) FROM users WHERE email = $1", email) == 1


@pytest.mark.parametrize(
    ("form", "password", "authorization"),
    [
        pytest.param("{}@example.com", "12345678", [EXPIRED], id="shortest password"),
        pytest.param("Jose\u0301.{}@example.com", "🔑" * 8, ["Basic YTpi"], id="decomposed"),
        pytest.param("{}@BÜCHER.example", "        ", ["Bearer rubbish"], id="international"),
        pytest.param("{}@xn--bcher-kva.example", "€" * 24, ["a", "b"], id="punycode, 72 bytes"),
        pytest.param("x" * 32 + "{}" + LONG_DOMAIN, PASSWORD, [], id="254 characters"),
    ],
)
def test_account_of_the_signup_logs_in_whatever_the_token(
    http: httpx.Client, sql: Sql, form: str, password: str, authorization: list[str]
) -> None:
    given, other = form.format(uuid4().hex), str(uuid4())
    unknown = {"id": other, "user_id": other, "admin": True}
    response = post(http, "signup", given, password, authorization, **unknown)
    email = response.json()["user"]["email"]
    user_id = assert_session(response, 201, email)
    assert user_id != other
    sql.value("UPDATE users SET password_hash = $1 WHERE email = $2", hashed(password), email)
    for spelling in (given, email, email.title(), f" {email.upper()}\n"):
        response = post(http, "login", spelling, password, authorization)
        assert assert_session(response, 200, email) == user_id


@pytest.mark.parametrize("password", WRONG, ids=lambda password: ascii(password)[:30])
def test_wrong_password_is_401(http: httpx.Client, user: User, password: str) -> None:
    expect.error(post(http, "login", user.email, password), 401, REFUSED)


def test_all_72_bytes_of_a_password_count(http: httpx.Client, sql: Sql) -> None:
    user = add_user(sql, http, "", hashed("a" * 72))
    for length, status in ((71, 401), (72, 200), (73, 401)):
        assert post(http, "login", user.email, "a" * length).status_code == status


def test_log_in_without_a_usable_account_is_401(http: httpx.Client, sql: Sql) -> None:
    deleted, unusable = add_user(sql, http, "", hashed()), add_user(sql, http, kept="!")
    sql.value("DELETE FROM users WHERE id = $1", UUID(deleted.id))
    invalid = ("nonsense", "x" * 300 + "@example.com", "' OR 1=1 --")
    for email in (*invalid, deleted.email, unusable.email):
        expect.error(post(http, "login", email), 401, REFUSED)
    expect.error(post(http, "login", unusable.email, "!"), 401, REFUSED)
