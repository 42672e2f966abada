"""POST /api/auth/signup: who may have an account, and what is kept of it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import bcrypt
import httpx
import jwt
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import User, new_email

PASSWORD = "correct horse"
BAD_ADDRESSES = [
    "plain",
    "@example.com",
    "somebody@",
    "somebody@@example.com",
    "some body@example.com",
    "somebody@exam ple.com",
    "somebody@example",
    "somebody@example..com",
    "somebody@-example.com",
    ".somebody@example.com",
    "somebody.@example.com",
    "some..body@example.com",
    "somebody@[127.0.0.1]",
    "Somebody <somebody@example.com>",
    "somebody@example.com, other@example.com",
    "somebody@example.com\nother",
    "x" * 64 + "@" + ".".join(["y" * 60] * 4) + ".example.com",
]


@dataclass(frozen=True)
class Account:
    """An account that was made over HTTP, and when."""

    asked: float
    email: str
    response: httpx.Response

    @property
    def token(self) -> str:
        return str(self.response.json()["token"])


def signup(http: httpx.Client, email: object, password: object = PASSWORD) -> httpx.Response:
    return http.post("/api/auth/signup", json={"email": email, "password": password})


def signup_raw(http: httpx.Client, text: str) -> httpx.Response:
    return http.post("/api/auth/signup", content=text, headers={"Content-Type": "application/json"})


@pytest.fixture(scope="module")
def account(http: httpx.Client) -> Account:
    """Signed up with blanks around the address and capitals in it."""
    name = uuid4().hex
    asked = time.time()
    response = signup(http, f"  {name.upper()}.Doe@Example.COM ")
    return Account(asked, f"{name}.doe@example.com", response)


def test_signup_answers_201_with_a_token_and_the_user(account: Account) -> None:
    assert account.response.status_code == 201
    body = account.response.json()
    assert set(body) == {"token", "user"}
    assert set(body["user"]) == {"id", "email"}
    assert expect.is_id(body["user"]["id"])


def test_the_address_is_trimmed_and_lower_cased(account: Account) -> None:
    assert account.response.json()["user"]["email"] == account.email


def test_the_token_names_the_user_and_ends_after_24_hours(account: Account) -> None:
    content = jwt.decode(account.token, SECRET, algorithms=["HS256"])
    user = account.response.json()["user"]
    assert set(content) == {"sub", "user_id", "email", "iss", "iat", "exp"}
    assert content["sub"] == content["user_id"] == user["id"]
    assert content["email"] == user["email"]
    assert content["iss"] == "todo"
    assert account.asked - 1 <= content["iat"] <= account.asked + 10
    assert content["exp"] - content["iat"] == 24 * 3600


def test_the_token_opens_private_routes_at_once(http: httpx.Client, account: Account) -> None:
    response = http.get("/api/tasks", headers=bearer(account.token))
    assert response.status_code == 200
    assert response.json() == {"tasks": []}


def test_the_password_is_kept_as_a_bcrypt_hash_of_cost_12(sql: Sql, account: Account) -> None:
    kept = sql.value("SELECT password_hash FROM users WHERE email = $1", account.email)
    assert kept.startswith("$2b$12$")
    assert bcrypt.checkpw(PASSWORD.encode(), kept.encode())


@pytest.mark.parametrize("change", [str, str.upper, str.title, "  {}\t".format])
def test_an_address_has_one_account_however_it_is_written(
    http: httpx.Client, account: Account, change: Any
) -> None:
    expect.error(signup(http, change(account.email)), 409, "Email already registered")


def test_a_race_of_signups_has_one_winner(http: httpx.Client, sql: Sql) -> None:
    email = new_email()
    with ThreadPoolExecutor(4) as runners:
        spellings = [email, email.upper(), email, email.title()]
        answers = list(runners.map(lambda spelling: signup(http, spelling), spellings))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert sql.value("SELECT count(*) FROM users WHERE email = $1", email) == 1


@pytest.mark.parametrize("email", BAD_ADDRESSES)
def test_what_is_no_address_is_refused(http: httpx.Client, email: str) -> None:
    expect.error(signup(http, email), 400, "Invalid email format")


@pytest.mark.parametrize("email", [None, "", "   ", 42, True, ["a@example.com"], {}])
def test_an_address_is_required_and_is_text(http: httpx.Client, email: object) -> None:
    expect.error(signup(http, email), 400)


@pytest.mark.parametrize("password", [None, "", 12345678, True, ["correct horse"], {}])
def test_a_password_is_required_and_is_text(http: httpx.Client, password: object) -> None:
    expect.error(signup(http, new_email(), password), 400)


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"password": PASSWORD}])
def test_both_fields_are_required(http: httpx.Client, body: dict[str, str]) -> None:
    expect.error(http.post("/api/auth/signup", json=body), 400)


@pytest.mark.parametrize("password", ["1", "1234567", "é" * 7, "🔑" * 7])
def test_a_password_has_at_least_8_characters(http: httpx.Client, password: str) -> None:
    message = "Password must be at least 8 characters"
    expect.error(signup(http, new_email(), password), 400, message)


@pytest.mark.parametrize("password", ["a" * 73, "é" * 37, "€" * 25, "🔑" * 19, "a" * 5000])
def test_a_password_has_at_most_72_bytes(http: httpx.Client, password: str) -> None:
    expect.error(signup(http, new_email(), password), 400, "Password must be at most 72 bytes")


@pytest.mark.parametrize("password", ["12345678", "🔑" * 8, "€" * 24, "        "])
def test_passwords_at_the_limits_are_taken(http: httpx.Client, password: str) -> None:
    assert signup(http, new_email(), password).status_code == 201


def test_an_address_of_254_characters_is_taken(http: httpx.Client) -> None:
    local = uuid4().hex * 2
    email = f"{local}@{'y' * 60}.{'y' * 60}.{'z' * 63}.com"
    assert len(email) == 254
    assert signup(http, email).status_code == 201


@pytest.mark.parametrize("bad", [r"\u0000", r"\ud800", r"\udfff\ud83d"])
def test_text_that_cannot_be_stored_is_refused(http: httpx.Client, bad: str) -> None:
    body = f'{{"email": "some{bad}body@example.com", "password": "{PASSWORD}"}}'
    expect.error(signup_raw(http, body), 400)


def test_a_password_with_lone_surrogates_is_refused(http: httpx.Client) -> None:
    body = f'{{"email": "{new_email()}", "password": "12345678\\ud800"}}'
    expect.error(signup_raw(http, body), 400)


def test_a_password_with_nul_is_no_accident(http: httpx.Client) -> None:
    assert signup(http, new_email(), "12345678\0more").status_code in {201, 400}


def test_unknown_fields_are_ignored(http: httpx.Client) -> None:
    own = str(uuid4())
    body = {"email": new_email(), "password": PASSWORD, "id": own, "user_id": own, "admin": True}
    response = http.post("/api/auth/signup", json=body)
    assert response.status_code == 201
    assert response.json()["user"]["id"] != own


def test_a_refused_signup_leaves_nothing_behind(http: httpx.Client, sql: Sql) -> None:
    email = new_email()
    expect.error(signup(http, email, "short"), 400)
    assert sql.value("SELECT count(*) FROM users WHERE email = $1", email) == 0


@pytest.mark.parametrize("header", ["an expired token", "Bearer rubbish", "Basic YTpi", ""])
def test_a_stale_token_does_not_stand_in_the_way(
    http: httpx.Client, alice: User, header: str
) -> None:
    stale = f"Bearer {sign(claims(alice.id, exp=1))}"
    headers = {"Authorization": stale if header == "an expired token" else header}
    body = {"email": "no address", "password": PASSWORD}
    response = http.post("/api/auth/signup", json=body, headers=headers)
    expect.error(response, 400, "Invalid email format")


def test_a_signup_with_a_stale_token_succeeds(http: httpx.Client, alice: User) -> None:
    body = {"email": new_email(), "password": PASSWORD}
    headers = bearer(sign(claims(alice.id, exp=1)))
    response = http.post("/api/auth/signup", json=body, headers=headers)
    assert response.status_code == 201
    assert response.json()["user"]["id"] != alice.id


def test_passwords_and_hashes_are_never_answered(account: Account) -> None:
    assert PASSWORD not in json.dumps(account.response.json())
    assert "$2b$" not in account.response.text
