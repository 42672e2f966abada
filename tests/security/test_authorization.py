"""The Authorization header with one token is the only way in; see contract/test_identity.py."""

import httpx
import pytest

from tests.security.conftest import PrivateTask
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import claims, forge
from tests.support.users import User

FORMS = [
    *("Bearer\t{token}", "Bearer          {token}", "Bearer {token},{token}", "Bearer,"),
    *("Bearer Bearer {token}", "Bearer {token};a=b", "Bearer <{token}>", "Bearer token={token}"),
    *("Bearer access_token={token}", "Bearer realm=a, {token}", "Bearer %20{token}"),
    *("JWT {token}", "OAuth {token}", "DPoP {token}", "Bear {token}", "Digest {token}"),
    *("Basic YTpi, Bearer {token}", "Bearer {token}\u00a0", "Bearer\u00a0{token}"),
    "\ufeffBearer {token}",
]
HEADERS = [
    *("Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization", "Authentication"),
    *("X-Access-Token", "X-Auth-Token", "X-API-Key", "Token", "Sec-WebSocket-Protocol"),
    *("X-User-Id", "X-Forwarded-User", "Remote-User", "X-Original-Authorization", "authorization_"),
]
COOKIES = [
    *("token", "access_token", "Authorization", "jwt", "session", "better-auth.session_token"),
    *("__Secure-better-auth.session_token", "better-auth.session_data"),
]


@pytest.mark.parametrize("form", FORMS, ids=ascii)
def test_header_of_another_form_is_401(service: Program, alice: User, form: str) -> None:
    header = form.format(token=alice.token).encode().decode("latin-1")
    response = raw_http.send(service.port, "GET", "/api/tasks", {"Authorization": header})
    expect.unauthorized(response)


def test_second_header_is_401_in_any_order(private: PrivateTask, bob: User) -> None:
    wrong = forge(claims(private.user.id), secret="attackers")
    own, *others = (
        ("Authorization", value)
        for value in (
            *(f"Bearer {token}" for token in (private.user.token, bob.token, wrong)),
            *("Basic YTpi", ""),
        )
    )
    for other in (own, *others):
        private.assert_headers_refused([own, other], [other, own])
    private.assert_headers_refused([own] * 100)


@pytest.mark.parametrize("name", HEADERS)
def test_token_in_another_header_is_ignored(private: PrivateTask, name: str) -> None:
    user = private.user
    values = (f"Bearer {user.token}", user.token, user.id, user.email)
    private.assert_headers_refused(*({name: value} for value in values))


@pytest.mark.parametrize("name", COOKIES)
def test_token_in_a_cookie_is_ignored(private: PrivateTask, name: str) -> None:
    token = private.user.token
    private.assert_headers_refused(
        {"Cookie": f"{name}={token}"}, {"Cookie": f"a=b; {name}=Bearer {token}"}
    )


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "Authorization", "jwt"])
def test_token_in_the_url_or_the_body_is_ignored(
    private: PrivateTask, http: httpx.Client, name: str
) -> None:
    for value in (private.user.token, f"Bearer {private.user.token}"):
        token = {name: value}
        expect.unauthorized(http.get("/api/tasks", params=token))
        expect.unauthorized(http.delete(f"/api/tasks/{private.task['id']}", params=token))
        expect.unauthorized(http.post("/api/tasks", json={"title": "a"} | token))
        expect.unauthorized(http.post("/api/tasks", data={"title": "a"} | token))
    private.assert_accepted(private.user.token)
