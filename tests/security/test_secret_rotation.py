"""After a change of the secret, tokens of the previous one stay valid until they expire."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program
from tests.support.tokens import SECRET, bearer, claims, forge, in_seconds, sign
from tests.support.users import User, new_email

NEW = "the-secret-after-the-change-0123456789"


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
    assert user.add()["user_id"] == user_id


@pytest.mark.parametrize("secret", ["another-secret-0123456789-0123456789", "", f"{NEW},{SECRET}"])
def test_token_of_another_secret_is_401(rotated: httpx.Client, secret: str) -> None:
    token = forge(claims(str(uuid4())), secret=secret)
    expect.unauthorized(rotated.get("/api/tasks", headers=bearer(token)))


def test_expired_token_of_the_previous_secret_is_401(rotated: httpx.Client) -> None:
    expired = sign(claims(str(uuid4()), exp=in_seconds(-1)))
    expect.unauthorized(rotated.get("/api/tasks", headers=bearer(expired)))


def test_new_token_is_signed_with_the_new_secret(rotated: httpx.Client, http: httpx.Client) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    headers = bearer(rotated.post("/api/auth/signup", json=account).json()["token"])
    assert rotated.get("/api/tasks", headers=headers).status_code == 200
    expect.unauthorized(http.get("/api/tasks", headers=headers))  # this service has only SECRET
