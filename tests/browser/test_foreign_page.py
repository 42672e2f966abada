"""The page of somebody else reads nothing, and changes nothing that is somebody's."""

import json
from collections.abc import Iterator

import pytest

from tests.browser.backend import Backend
from tests.browser.caller import Caller
from tests.browser.frontend import Frontend
from tests.support.browser import Window
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow


@pytest.fixture
def stranger(window: Window, backend: Backend) -> Iterator[Caller]:
    """The page of somebody else."""
    with Frontend() as third:
        yield Caller(window, third.origin, backend.url)


def test_a_foreign_page_reads_nothing_and_changes_nothing(
    stranger: Caller, page_user: User
) -> None:
    """A request with a token is no simple one: the browser asks first, and is refused."""
    task = page_user.add("Private")
    path = f"/api/tasks/{task['id']}"
    for credentials in ("include", "omit"):
        for method, where, more in [
            ("GET", "/api/tasks", {}),
            ("GET", path, {}),
            ("POST", "/api/tasks", {"json": {"title": "Planted"}}),
            ("PUT", path, {"json": {"title": "Stolen"}}),
            ("DELETE", path, {}),
        ]:
            read = stranger.call(method, where, page_user.token, credentials=credentials, **more)
            assert (read.status, read.failure) == (0, "TypeError")
    assert page_user.tasks() == [task]


def test_what_a_foreign_page_sends_without_asking_is_worth_nothing(
    stranger: Caller, page_user: User
) -> None:
    """A simple request arrives, but has no token: it can do what anybody can do, and reads nothing.

    Nor could it have one: this service has no cookies that a browser would send by itself.
    """
    task = page_user.add("Private")
    account = {"email": new_email(), "password": "correct horse"}
    for mode in ("cors", "no-cors"):
        plain = {"headers": {"Content-Type": "text/plain"}, "mode": mode, "credentials": "include"}
        reads = [
            stranger.call("POST", "/api/tasks", body='{"title": "Planted"}', **plain),
            stranger.call("POST", "/api/auth/signup", body=json.dumps(account), **plain),
            stranger.call("GET", "/api/tasks", mode=mode),
        ]
        assert [(read.status, read.body) for read in reads] == [(0, None)] * 3
    assert page_user.tasks() == [task]
    again = page_user.http.post("/api/auth/signup", json=account)
    assert again.status_code == 409
