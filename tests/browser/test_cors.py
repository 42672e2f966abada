"""A page on one origin calls the service on another, as frontends do."""

from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import pytest

from tests.browser.backend import Backend
from tests.browser.caller import JSON, Caller, Read
from tests.browser.frontend import Frontend
from tests.support.browser import Window
from tests.support.caller import dial, message
from tests.support.program import Program
from tests.support.tokens import claims, sign
from tests.support.users import User, new_email

LARGEST = 1_048_576
TIMES = 5
CROWD = 130
EVERY_STATUS = {200, 201, 204, 400, 401, 403, 404, 409, 413, 422, 500}
Figure = Callable[[str, object], None]
pytestmark = pytest.mark.slow


@pytest.fixture
def caller(window: Window, frontend: Frontend, backend: Backend) -> Caller:
    """The page of the frontend that may call."""
    return Caller(window, frontend.origin, backend.url)


def said(read: Read, status: int, sentence: str) -> None:
    """A refusal that the page can show to people, and quote."""
    assert read.status == status, read
    assert read.body == {"error": sentence}
    assert read.request_id


def test_a_page_reads_every_answer(
    caller: Caller, backend: Backend, page_user: User, figure: Figure
) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    signed_up = caller.call("POST", "/api/auth/signup", json=account)
    assert signed_up.status == 201
    token = signed_up.body["token"]
    others = page_user.add("Somebody else's")["id"]

    created = caller.call("POST", "/api/tasks", token, json={"title": "Buy milk"})
    path = f"/api/tasks/{created.body['task']['id']}"
    answers = [
        signed_up,
        created,
        caller.call("POST", "/api/auth/login", json=account),
        caller.call("GET", "/api/tasks", token),
        caller.call("PUT", path, token, json={"completed": True}),
        caller.call("DELETE", path, token),
    ]
    assert [each.status for each in answers] == [201, 201, 200, 200, 200, 204]
    assert answers[3].body == {"tasks": [created.body["task"]]}
    assert answers[4].body["task"]["completed"] is True

    for status, sentence, read in [
        (400, "Title is required", caller.call("POST", "/api/tasks", token, json={"title": ""})),
        (401, "Unauthorized", caller.call("GET", "/api/tasks")),
        (403, "Access denied", caller.call("GET", f"/api/tasks/{others}", token)),
        (404, "Task not found", caller.call("GET", path, token)),
        (404, "Not found", caller.call("GET", "/nowhere", token)),
        (409, "Email already registered", caller.call("POST", "/api/auth/signup", json=account)),
        (
            413,
            "The request body is too large",
            caller.call("POST", "/api/tasks", token, blanks=LARGEST + 1),
        ),
    ]:
        said(read, status, sentence)
        answers.append(read)
    broken = caller.call("POST", "/api/tasks", token, body="{", headers=JSON)
    assert broken.status == 422
    assert broken.body["error"].startswith("The request body is not valid JSON")
    with backend.without_database():
        down = caller.call("GET", "/api/tasks", token)
    said(down, 500, "Service temporarily unavailable")
    answers += [broken, down]

    assert all(each.request_id for each in answers)
    assert {each.status for each in answers} == EVERY_STATUS
    figure("kinds of answers that a page of another origin has read", len(EVERY_STATUS))


def test_a_body_far_over_the_limit_is_a_413_each_time(caller: Caller, figure: Figure) -> None:
    token = sign(claims(str(uuid4()), email=new_email()))
    for _ in range(TIMES):
        read = caller.call("POST", "/api/tasks", token, blanks=4 * LARGEST, headers=JSON)
        said(read, 413, "The request body is too large")
    figure("bodies of 4 MiB whose 413 a page has read", f"{TIMES} of {TIMES}")


def test_a_page_may_send_what_it_keeps(caller: Caller, page_user: User) -> None:
    """Frontends of Better Auth have its cookies, and fetch with credentials."""
    page_user.add("Buy milk")
    caller.window.context.add_cookies(
        [{"name": "session", "value": "abc", "url": caller.service, "sameSite": "Lax"}]
    )
    for credentials in ("include", "same-origin", "omit"):
        read = caller.call("GET", "/api/tasks", page_user.token, credentials=credentials)
        assert read.status == 200
        assert [task["title"] for task in read.body["tasks"]] == ["Buy milk"]
        said(caller.call("GET", "/api/tasks", credentials=credentials), 401, "Unauthorized")


def test_a_page_repeats_a_create_that_is_done_once(caller: Caller, page_user: User) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    milk = {"title": "Buy milk"}
    reads = [
        caller.call("POST", "/api/tasks", page_user.token, json=milk, headers=key) for _ in range(3)
    ]
    assert [read.status for read in reads] == [201] * 3
    assert [task["id"] for task in page_user.tasks()] == [reads[0].body["task"]["id"]]


def test_a_page_reads_a_long_list_page_by_page(caller: Caller, page_user: User) -> None:
    titles = [page_user.add(f"task {number}")["title"] for number in range(5)]
    found: list[str] = []
    path: str | None = "/api/tasks?limit=2"
    for _ in range(3):
        assert path
        read = caller.call("GET", path, page_user.token)
        found += [task["title"] for task in read.body["tasks"]]
        path = read.link and read.link[1 : read.link.index(">")]
    assert path is None
    assert found == titles[::-1]


def test_a_page_learns_when_to_try_again(
    window: Window, frontend: Frontend, backend: Backend, start: Callable[..., Program]
) -> None:
    """Where more sign in than can be served; of a few tries at once one may still get in."""
    program = start(backend.database_url, FRONTEND_URL=frontend.origin)
    caller = Caller(window, frontend.origin, program.url)
    account = {"email": "nobody@example.com", "password": "correct horse"}
    with ExitStack() as crowd:
        crowd.callback(program.kill)
        for _ in range(CROWD):
            connection = crowd.enter_context(dial(program.port))
            connection.sendall(message("POST", "/api/auth/login", **account))
        read = caller.call("POST", "/api/auth/login", json=account, times=5)
    said(read, 503, "Too many sign-ins at once, please try again")
    assert read.retry_after
    assert int(read.retry_after) > 0
