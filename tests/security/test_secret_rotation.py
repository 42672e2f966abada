"""The secret is changed: tokens of the one before stay valid until they expire."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, sign
from tests.support.users import User, new_email

NEW = "the-secret-after-the-change-0123456789"
OTHER = "a-secret-that-never-was-ours-0123456789"


@pytest.fixture(scope="module")
def rotated(start: Callable[..., Program], database_url: str) -> Iterator[httpx.Client]:
    program = start(database_url, BETTER_AUTH_SECRET=NEW, BETTER_AUTH_SECRET_PREVIOUS=SECRET)
    with httpx.Client(base_url=program.url, timeout=20) as http:
        yield http
    program.stop()
    assert SECRET not in program.output()
    assert NEW not in program.output()


@pytest.mark.parametrize("secret", [NEW, SECRET])
def test_tokens_of_both_secrets_are_accepted(rotated: httpx.Client, secret: str) -> None:
    user_id, email = str(uuid4()), new_email()
    user = User(rotated, user_id, email, sign(claims(user_id, email=email), secret))
    assert user.tasks() == []
    assert user.add("Buy milk")["user_id"] == user_id  # provisioned from the token


def test_no_third_secret_is_accepted(rotated: httpx.Client) -> None:
    for secret in (OTHER, "", NEW + "\n", f"{NEW},{SECRET}"):
        token = forge(claims(str(uuid4())), secret=secret)
        expect.unauthorized(rotated.get("/api/tasks", headers=bearer(token)))


def test_old_tokens_expire_as_ever(rotated: httpx.Client) -> None:
    for when in (-1, -3600):
        old = sign(claims(str(uuid4()), exp=in_seconds(when)))
        expect.unauthorized(rotated.get("/api/tasks", headers=bearer(old)))


def test_new_tokens_are_signed_with_the_new_secret(
    rotated: httpx.Client, http: httpx.Client
) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    token = rotated.post("/api/auth/signup", json=account).json()["token"]
    assert rotated.get("/api/tasks", headers=bearer(token)).status_code == 200
    # `http` is a service that still has the old secret, and only that.
    expect.unauthorized(http.get("/api/tasks", headers=bearer(token)))
