"""The Authorization header: one of them, with one token, and no other way in."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.security.private_task import PrivateTask
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer, claims, forge, sign
from tests.support.users import User

MIB = 2**20
FORMS = [
    *(
        "{token}",
        "Bearer",
        "Bearer ",
        "Bearer\t{token}",
        "Bearer{token}",
        "Bearer:{token}",
        "Bearer,",
    ),
    *("Bearer {token} {token}", "Bearer {token}, Bearer {token}", "Bearer {token},{token}"),
    *("Bearer Bearer {token}", "Bearer {token};a=b", 'Bearer "{token}"', "Bearer <{token}>"),
    *(
        "Bearer token={token}",
        "Bearer access_token={token}",
        "Bearer realm=a, {token}",
        "Bearer %20{token}",
    ),
    *(
        "JWT {token}",
        "Token {token}",
        "OAuth {token}",
        "MAC {token}",
        "DPoP {token}",
        "Bear {token}",
    ),
    *(
        "Basic {token}",
        "Digest {token}",
        "Negotiate {token}",
        "Basic Og==",
        "Bearer null",
        "Bearer ...",
    ),
    *(
        "Basic YTpi, Bearer {token}",
        "Bearer {token}\u00a0",
        "Bearer\u00a0{token}",
        "\ufeffBearer {token}",
    ),
]
NAMES = [
    *("Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization", "Authentication"),
    *(
        "X-Access-Token",
        "X-Auth-Token",
        "X-API-Key",
        "Token",
        "WWW-Authenticate",
        "Sec-WebSocket-Protocol",
    ),
    *("X-User-Id", "X-Forwarded-User", "Remote-User", "X-Original-Authorization", "authorization_"),
]
COOKIES = [
    *("token", "access_token", "authorization", "Authorization", "Bearer", "jwt", "session", "sid"),
    *(
        "better-auth.session_token",
        "__Secure-better-auth.session_token",
        "better-auth.session_data",
    ),
]


@pytest.fixture
def alone(start: Callable[..., Program], database_url: str) -> Iterator[Program]:
    """A service whose memory nobody else fills."""
    program = start(database_url)
    yield program
    program.stop()


def test_the_routes_tried_are_all_that_are_private(
    private: PrivateTask, http: httpx.Client
) -> None:
    declared = {
        (method.upper(), path.replace("{id}", private.task["id"]))
        for path, operations in http.get("/openapi.json").json()["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and operation.get("security")
    }
    assert declared == {*private.routes}


@pytest.mark.parametrize("form", FORMS)
def test_a_header_of_another_form_is_refused(
    private: PrivateTask, service: Program, form: str
) -> None:
    header = form.format(token=private.user.token).encode().decode("latin-1")
    for method, path in private.routes:
        answer = raw_http.send(service.port, method, path, {"Authorization": header})
        expect.unauthorized(answer)
    private.assert_accepted(private.user.token)


def test_two_headers_are_refused_in_any_order(private: PrivateTask, bob: User) -> None:
    own, others, wrong, basic = (
        ("Authorization", value)
        for value in (
            f"Bearer {private.user.token}",
            f"Bearer {bob.token}",
            f"Bearer {forge(claims(private.user.id), secret='attackers')}",
            "Basic YTpi",
        )
    )
    private.assert_headers_refused(
        [own, own], [own, others], [others, own], [own, wrong], [wrong, own]
    )
    private.assert_headers_refused(
        [own, basic], [basic, own], [own, ("Authorization", "")], [own] * 100
    )
    private.assert_accepted(private.user.token)


@pytest.mark.parametrize("name", NAMES)
def test_a_token_in_another_header_is_not_seen(private: PrivateTask, name: str) -> None:
    private.assert_headers_refused(
        {name: f"Bearer {private.user.token}"}, {name: private.user.token}
    )
    private.assert_headers_refused({name: private.user.id}, {name: private.user.email})


@pytest.mark.parametrize("name", COOKIES)
def test_a_token_in_a_cookie_is_not_seen(private: PrivateTask, name: str) -> None:
    token = private.user.token
    private.assert_headers_refused(
        {"Cookie": f"{name}={token}"}, {"Cookie": f"a=b; {name}=Bearer {token}"}
    )


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "Authorization", "jwt"])
def test_a_token_in_the_url_or_the_body_is_not_seen(
    private: PrivateTask, http: httpx.Client, name: str
) -> None:
    token = {name: private.user.token}
    for params in (token, {name: f"Bearer {private.user.token}"}, token | {"user_id": "a"}):
        expect.unauthorized(http.get("/api/tasks", params=params))
        expect.unauthorized(http.delete(f"/api/tasks/{private.task['id']}", params=params))
    for body in ({"json": {"title": "a"} | token}, {"data": {"title": "a"} | token}):
        expect.unauthorized(http.post("/api/tasks", **body))
    private.assert_accepted(private.user.token)


def test_ways_to_write_one_token_do_not_fill_the_memory(
    alone: Program, figure: Callable[[str, object], None]
) -> None:
    statm = Path(f"/proc/{alone.pid}/statm")
    if not statm.exists():
        pytest.skip("/proc is missing")

    def resident() -> float:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB

    token = sign(claims("e1b2c3d4-0000-4000-8000-000000000001"))
    with httpx.Client(base_url=alone.url) as http:
        assert http.get("/api/tasks", headers=bearer(token)).status_code == 200
        before = resident()
        for blanks in range(50_000, 51_000):
            http.get("/api/tasks", headers={"Authorization": f"Bearer{' ' * blanks}{token}"})
        grown = resident() - before
    figure("memory after 1,000 ways to write one token", f"{grown:+.1f} MiB")
    assert grown < 16
