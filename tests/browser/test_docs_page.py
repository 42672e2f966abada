"""The documentation is tried out: by clicks, without any foreign host, under a strict policy."""

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import ConsoleMessage

from tests.browser.backend import Backend
from tests.browser.docs_page import DocsPage
from tests.support.browser import Window
from tests.support.program import Program
from tests.support.users import User, new_email

PASSWORD = "correct horse"
PLANT = "html => document.body.insertAdjacentHTML('beforeend', html)"
pytestmark = pytest.mark.slow


@pytest.fixture
def page(window: Window, backend: Backend) -> DocsPage:
    return DocsPage(window, backend.url)


def test_a_person_signs_up_pastes_the_token_and_sees_a_task(
    page: DocsPage, window: Window, backend: Backend
) -> None:
    status, session = page.execute("signup", email=new_email(), password=PASSWORD)
    assert status == 201
    page.log_out()
    page.authorize(session["token"])
    status, created = page.execute("createTask", title="Buy milk")
    assert status == 201
    assert created["task"]["user_id"] == session["user"]["id"]
    assert page.execute("listTasks") == (200, {"tasks": [created["task"]]})
    assert window.origins() == {backend.url}
    assert window.complaints == []


def test_who_has_signed_up_or_logged_in_needs_no_paste(page: DocsPage, window: Window) -> None:
    email = new_email()
    page.execute("signup", email=email, password=PASSWORD)
    assert page.execute("createTask", title="Buy milk")[0] == 201
    window.page.reload()
    assert page.execute("listTasks")[0] == 200
    page.log_out()
    assert page.execute("listTasks")[0] == 401
    page.execute("login", email=email, password=PASSWORD)
    assert len(page.execute("listTasks")[1]["tasks"]) == 1


def test_a_token_from_elsewhere_works_too(page: DocsPage, page_user: User) -> None:
    task = page_user.add("Buy milk")
    assert page.execute("listTasks") == (401, {"error": "Unauthorized"})
    page.authorize(page_user.token)
    assert page.execute("listTasks") == (200, {"tasks": [task]})


def test_the_snippet_is_a_fetch_that_works(page: DocsPage, page_user: User) -> None:
    page.authorize(page_user.token)
    page.execute("createTask", title='Buy "milk"\n')
    snippet = page.snippet("createTask", "fetch").rstrip(";")
    body = page.page.evaluate(f"async () => (await ({snippet})).json()")
    assert body["task"]["title"] == 'Buy "milk"'
    assert len(page_user.tasks()) == 2
    assert page.snippet("createTask", "curl").startswith("curl -X 'POST'")


def test_a_body_that_is_no_json_is_shown_as_it_was_sent(page: DocsPage, page_user: User) -> None:
    page.authorize(page_user.token)
    block = page.operation("createTask")
    block.locator("textarea").fill('{"title"')
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table")
    answer.get_by_text("The request body is not valid JSON: ").wait_for()
    assert 'body: "{\\"title\\""' in page.snippet("createTask", "fetch")


def test_links_lead_to_an_operation(page: DocsPage, window: Window, backend: Backend) -> None:
    window.page.get_by_role("link", name="log in").click()
    window.page.locator("[id$=-login] textarea").wait_for()
    linked = DocsPage(window, backend.url, "?#/tasks/createTask")
    linked.page.locator("[id$=-createTask] textarea").wait_for()
    assert window.complaints == []


def test_without_our_own_accounts_nobody_is_asked_to_sign_up(
    window: Window, backend: Backend, start: Callable[..., Program]
) -> None:
    program = start(backend.database_url, PLUGINS="tasks,health,docs")
    page = DocsPage(window, program.url)
    page.page.get_by_text("Your token goes into Authorize.").wait_for()
    assert page.page.get_by_role("link", name="Sign up").count() == 0
    program.stop()


def test_the_policy_forbids_what_the_page_does_not_need(page: DocsPage, window: Window) -> None:
    for planted, directive in [
        ("<img src='http://127.0.0.1:9/a.png'>", "img-src"),
        ("<p style='color: red'>", "style-src"),
        ("<style>p { color: red }</style>", "style-src"),
        ("<iframe src='/health'></iframe>", "frame-src"),
        ("<img src='data:,' onerror='alert(1)'>", "script-src"),
    ]:
        with window.page.expect_console_message(partial(tells_of, directive)):
            window.page.evaluate(PLANT, planted)


def tells_of(directive: str, message: ConsoleMessage) -> bool:
    return message.text.startswith(f"Content-Security-Policy {directive}")
