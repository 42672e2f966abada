"""The users of the real Better Auth work here, with the tokens that it gives to pages."""

import time
from collections.abc import Callable
from uuid import UUID

import httpx
import jwt
import pytest

from tests.examples.better_auth import PASSWORD, BetterAuth, better_auth, claims_of
from tests.support import expect
from tests.support.node import Example
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow

NEW_SECRET = "the-secret-after-the-change-0123456789"
PROVISIONED = "SELECT email, password_hash FROM users WHERE id = $1"


def test_its_token_says_who_calls_and_until_when(auth: BetterAuth) -> None:
    member = auth.sign_up()
    token = member.token()
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = claims_of(token)
    assert set(claims) == {"sub", "user_id", "email", "iat", "exp", "iss", "aud"}
    assert claims["sub"] == claims["user_id"] == member.id
    assert expect.is_id(member.id)
    assert claims["email"] == member.email
    assert claims["iss"] == claims["aud"] == auth.url
    assert claims["exp"] - claims["iat"] == 3600


def test_its_user_lives_the_life_of_a_task(auth: BetterAuth, http: httpx.Client, sql: Sql) -> None:
    user = auth.sign_up().caller(http)
    assert user.tasks() == []
    assert sql.rows(PROVISIONED, UUID(user.id)) == []
    task = user.add("Buy milk")
    assert task["user_id"] == user.id
    assert sql.rows(PROVISIONED, UUID(user.id)) == [{"email": user.email, "password_hash": "!"}]
    path = f"/api/tasks/{task['id']}"
    assert expect.task(user.get(path)) == task
    changed = expect.task(user.put(path, json={"completed": True}))
    assert changed == task | {"completed": True, "updated_at": changed["updated_at"]}
    assert user.tasks() == [changed]
    assert user.delete(path).status_code == 204
    assert user.tasks() == []


def test_its_users_do_not_see_each_other(auth: BetterAuth, http: httpx.Client) -> None:
    ada, ben = (auth.sign_up().caller(http) for _ in range(2))
    task = ada.add("Buy milk")
    assert ben.tasks() == []
    expect.error(ben.get(f"/api/tasks/{task['id']}"), 403, "Access denied")


def test_its_password_is_none_here(auth: BetterAuth, http: httpx.Client) -> None:
    user = auth.sign_up().caller(http)
    user.add()
    account = {"email": user.email, "password": PASSWORD}
    expect.error(http.post("/api/auth/login", json=account), 401, "Invalid email or password")
    expect.error(http.post("/api/auth/signup", json=account), 409, "Email already registered")


def test_who_has_the_same_address_here_is_somebody_else(
    auth: BetterAuth, http: httpx.Client, sql: Sql
) -> None:
    account = {"email": new_email(), "password": PASSWORD}
    made = http.post("/api/auth/signup", json=account).json()
    ours = User(http, made["user"]["id"], account["email"], made["token"])
    ours.add("Mine")
    theirs = auth.sign_up(account["email"]).caller(http)
    assert theirs.tasks() == []
    expect.unauthorized(theirs.post("/api/tasks", json={"title": "Mine too"}))
    assert sql.rows(PROVISIONED, UUID(theirs.id)) == []
    assert [task["title"] for task in ours.tasks()] == ["Mine"]


def test_our_own_signup_can_be_left_out(
    auth: BetterAuth, start: Callable[..., Program], database_url: str
) -> None:
    service = start(database_url, PLUGINS="tasks,health,docs")
    with httpx.Client(base_url=service.url, timeout=20) as http:
        assert auth.sign_up().caller(http).add("Buy milk")
        account = {"email": new_email(), "password": PASSWORD}
        for route in ("signup", "login"):
            expect.error(http.post(f"/api/auth/{route}", json=account), 404)
    service.stop()


def test_a_changed_secret_breaks_no_token(
    better_auth_example: Example,
    auth: BetterAuth,
    start: Callable[..., Program],
    database_url: str,
    http: httpx.Client,
) -> None:
    before = auth.sign_up()
    old_token = before.token()
    service = start(database_url, BETTER_AUTH_SECRET=NEW_SECRET, BETTER_AUTH_SECRET_PREVIOUS=SECRET)
    with (
        httpx.Client(base_url=service.url, timeout=20) as changed,
        better_auth(better_auth_example, secret=NEW_SECRET) as changed_too,
    ):
        assert User(changed, before.id, before.email, old_token).add()["user_id"] == before.id
        after = changed_too.sign_up()
        new_token = after.token()
        assert User(changed, after.id, after.email, new_token).add()["user_id"] == after.id
    # `http` is a service that still has the old secret, and only that.
    expect.unauthorized(http.get("/api/tasks", headers=bearer(new_token)))
    service.stop()


def test_a_page_calls_for_whoever_is_logged_in(
    better_auth_example: Example, service: Program
) -> None:
    life = 3  # seconds, of a token of this variant
    began = time.monotonic()
    with better_auth(better_auth_example, "expirationSoon") as auth:
        settings = {"NEXT_PUBLIC_BETTER_AUTH_URL": auth.url, "NEXT_PUBLIC_API_URL": service.url}
        done = better_auth_example.run("node", "dist/page.mjs", str(life), **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "Ada sees: for Ada",
        "Ben sees: for Ben",
        "nobody sees: Unauthorized",
    ]
    assert time.monotonic() - began > 2 * life
