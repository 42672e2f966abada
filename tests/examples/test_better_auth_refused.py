"""What else the real Better Auth signs or hands out is no login here."""

from collections.abc import Callable
from urllib.parse import unquote

import httpx
import jwt
import pytest

from tests.examples.better_auth import BetterAuth, better_auth, claims_of, token_in
from tests.support import expect
from tests.support.node import Example
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import new_email

pytestmark = pytest.mark.slow


@pytest.fixture
def warnings(service: Program) -> Callable[[], int]:
    """How many more such warnings the log has than at the last look."""
    text = "a signed token names no usable user id"
    seen = [len(service.records(text))]

    def more() -> int:
        seen.append(len(service.records(text)))
        return seen[-1] - seen[-2]

    return more


def no_login(http: httpx.Client, token: str) -> None:
    """As a bearer token it opens neither reading nor writing, and as a cookie nothing either."""
    expect.unauthorized(http.get("/api/tasks", headers=bearer(token)))
    expect.unauthorized(http.post("/api/tasks", json={"title": "x"}, headers=bearer(token)))
    for name in ("session_token", "session_data"):
        cookie = {"Cookie": f"better-auth.{name}={token}"}
        expect.unauthorized(http.get("/api/tasks", headers=cookie))


def test_its_session_is_no_login(auth: BetterAuth, http: httpx.Client) -> None:
    member = auth.sign_up()
    cookie = member.cookie("session_token")
    assert unquote(cookie).startswith(member.session)
    for token in (cookie, unquote(cookie), member.session):
        no_login(http, token)


def test_its_session_kept_in_a_cookie_is_no_login(
    better_auth_example: Example, http: httpx.Client, warnings: Callable[[], int]
) -> None:
    with better_auth(better_auth_example, "sessionInCookie") as auth:
        member = auth.sign_up()
        cookie = member.cookie("session_data")
    assert claims_of(cookie)["user"]["id"] == member.id
    no_login(http, cookie)
    assert warnings() == 2


def test_the_links_that_it_mails_are_no_logins(
    better_auth_example: Example,
    http: httpx.Client,
    warnings: Callable[[], int],
    figure: Callable[[str, object], None],
) -> None:
    with better_auth(better_auth_example, "mailing") as auth:
        member = auth.sign_up()
        member.ask("POST", "/send-verification-email", json={"email": member.email})
        member.follow(auth.mailed()[-1])
        member.ask("POST", "/change-email", json={"newEmail": new_email()})
        member.follow(auth.mailed()[-1])
        mailed = [token_in(link) for link in auth.mailed()]
    kinds = [claims_of(token).get("requestType", "verification") for token in mailed]
    assert kinds == ["verification", "change-email-confirmation", "change-email-verification"]
    for token in mailed:
        assert claims_of(token)["userId"] == member.id
        no_login(http, token)
    assert warnings() == 2 * len(mailed)
    figure("links mailed by Better Auth and refused as tokens", f"{len(mailed)} of {len(mailed)}")


def test_its_stock_token_is_no_login(better_auth_example: Example, http: httpx.Client) -> None:
    with better_auth(better_auth_example, "stockTokens") as auth:
        token = auth.sign_up().token()
    assert jwt.get_unverified_header(token)["alg"] == "EdDSA"
    no_login(http, token)


def test_its_stock_ids_name_no_user(
    better_auth_example: Example, http: httpx.Client, warnings: Callable[[], int]
) -> None:
    with better_auth(better_auth_example, "stockIds") as auth:
        member = auth.sign_up()
        token = member.token()
    assert claims_of(token)["sub"] == member.id
    assert len(member.id) == 32
    no_login(http, token)
    assert warnings() == 2


def test_an_expiration_in_seconds_is_long_past(
    better_auth_example: Example, http: httpx.Client
) -> None:
    with better_auth(better_auth_example, "expirationInSeconds") as auth:
        token = auth.sign_up().token()
    assert jwt.decode(token, options={"verify_signature": False})["exp"] == 3600
    no_login(http, token)
