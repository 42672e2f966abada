"""POST /api/auth/signup: a new account, and what is stored of it."""

from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import bcrypt
import httpx
import jwt
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import new_email

PASSWORD = "correct horse"
LONGEST_EMAIL = f"@{'y' * 60}.{'y' * 60}.{'z' * 63}.com"  # 254 characters with 64 before it


def signup(http: httpx.Client, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    headers = more.pop("headers", None)
    body = {"email": email, "password": password} | more
    return http.post("/api/auth/signup", json=body, headers=headers)


@pytest.fixture(scope="module")
def email() -> str:
    return f"{uuid4().hex}.doe@example.com"


@pytest.fixture(scope="module")
def response(http: httpx.Client, email: str) -> httpx.Response:
    """The response to a sign-up with blanks around the e-mail and capitals in it."""
    return signup(http, f"  {email.title()} ")


def test_response_is_201_with_token_and_user(response: httpx.Response, email: str) -> None:
    assert response.status_code == 201
    assert set(response.json()) == {"token", "user"}
    user = response.json()["user"]
    assert user == {"id": user["id"], "email": email}
    assert expect.is_id(user["id"])
    assert PASSWORD not in response.text
    assert "$2b$" not in response.text


def test_token_names_the_user_and_expires_after_24_hours(response: httpx.Response) -> None:
    user = response.json()["user"]
    content = jwt.decode(response.json()["token"], SECRET, algorithms=["HS256"])
    times = {"iat": content["iat"], "exp": content["iat"] + 24 * 3600}
    assert content == times | {
        "sub": user["id"],
        "user_id": user["id"],
        "email": user["email"],
        "iss": "todo",
    }
    date = parsedate_to_datetime(response.headers["date"]).timestamp()
    assert abs(content["iat"] - date) < 5


def test_token_is_valid_at_once(http: httpx.Client, response: httpx.Response) -> None:
    tasks = http.get("/api/tasks", headers=bearer(response.json()["token"]))
    assert (tasks.status_code, tasks.json()) == (200, {"tasks": []})


def test_password_is_stored_as_bcrypt_hash_of_cost_12(
    sql: Sql, response: httpx.Response, email: str
) -> None:
    assert response.status_code == 201
    stored = sql.value("SELECT password_hash FROM users WHERE email = $1", email)
    assert stored.startswith("$2b$12$")
    assert bcrypt.checkpw(PASSWORD.encode(), stored.encode())


def test_email_is_taken_in_any_spelling(
    http: httpx.Client, response: httpx.Response, email: str
) -> None:
    assert response.status_code == 201
    for spelling in (email, f"  {email.upper()}\t"):
        expect.error(signup(http, spelling), 409, "Email already registered")


def test_concurrent_signups_make_one_account(http: httpx.Client, sql: Sql) -> None:
    email = new_email()
    with ThreadPoolExecutor(4) as runners:
        spellings = [email, email.upper(), email, email.title()]
        responses = list(runners.map(lambda spelling: signup(http, spelling), spellings))
    assert sorted(each.status_code for each in responses) == [201, 409, 409, 409]
    assert sql.value("SELECT count(*) FROM users WHERE email = $1", email) == 1


@pytest.mark.parametrize(
    ("domain", "password"),
    [
        pytest.param("@example.com", "12345678", id="shortest password"),
        pytest.param("@example.com", "🔑" * 8, id="8 characters of 4 bytes"),
        pytest.param("@example.com", "        ", id="blank password"),
        pytest.param(LONGEST_EMAIL, "€" * 24, id="longest email and password of 72 bytes"),
    ],
)
def test_limits_are_inclusive_and_all_else_is_ignored(
    http: httpx.Client, domain: str, password: str
) -> None:
    other = str(uuid4())
    unknown = {"id": other, "user_id": other, "admin": True}
    expired = bearer(sign(claims(other, exp=1)))
    email = uuid4().hex * 2 + domain
    response = signup(http, email, password, headers=expired, **unknown)
    assert response.status_code == 201
    assert response.json()["user"]["email"] == email
    assert response.json()["user"]["id"] != other


@pytest.mark.parametrize("header", ["Bearer rubbish", "Basic YTpi", ""])
def test_authorization_header_is_ignored(http: httpx.Client, header: str) -> None:
    response = signup(http, "no address", headers={"Authorization": header})
    expect.error(response, 400, "Invalid email format")
