"""The page of examples/react, built by Vite and used as a person does."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.browser.backend import Backend
from tests.browser.frontend import Frontend
from tests.support.browser import Window
from tests.support.node import Example
from tests.support.users import new_email

PASSWORD = "correct horse"
Figure = Callable[[str, object], None]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example("react", tmp_path_factory.mktemp("react"))


@pytest.fixture(scope="module")
def built(example: Example, frontend: Frontend, backend: Backend) -> str:
    """The URL of the page."""
    return frontend.serve_vite(example, backend.url, "/react.html")


@pytest.fixture
def page(window: Window, built: str) -> Page:
    window.page.goto(built)
    return window.page


@pytest.fixture
def email(page: Page) -> str:
    """The address of somebody who has signed up and is inside."""
    made = new_email()
    enter(page, "Sign up", made)
    page.get_by_label("New task").wait_for()
    return made


def enter(page: Page, button: str, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=button).click()


def add(page: Page, title: str) -> None:
    page.get_by_label("New task").fill(title)
    page.get_by_role("button", name="Add").click()


def tells(page: Page, sentence: str) -> None:
    page.get_by_role("alert").filter(has_text=sentence).wait_for()


def test_it_compiles_under_strict_rules(example: Example) -> None:
    done = example.npm_run("check")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_somebody_lives_the_life_of_a_task(page: Page, email: str, window: Window) -> None:
    add(page, "Buy milk")
    add(page, "Buy bread")
    items = page.locator("li label")
    items.nth(1).wait_for()
    assert items.all_inner_texts() == ["Buy bread", "Buy milk"]
    page.get_by_label("Buy milk").click()
    page.get_by_label("Buy milk", exact=True).and_(page.locator(":checked")).wait_for()
    page.locator("li", has_text="Buy bread").get_by_role("button", name="Delete").click()
    items.nth(1).wait_for(state="detached")
    page.reload()
    page.get_by_label("Buy milk").wait_for()
    assert page.get_by_label("Buy milk").is_checked()
    assert window.complaints == []


def test_errors_of_the_service_are_shown(page: Page, email: str) -> None:
    add(page, "  ")
    tells(page, "Title is required")
    add(page, "Buy milk")
    page.get_by_label("Buy milk").wait_for()
    assert page.get_by_role("alert").inner_text() == ""


def test_invalid_input_is_shown_before_it_is_sent(page: Page) -> None:
    enter(page, "Sign up", "no address", "short")
    tells(page, "Invalid email format; Password must be at least 8 characters")
    enter(page, "Log in", new_email(), PASSWORD)
    tells(page, "Invalid email or password")


def test_who_is_logged_out_is_asked_to_log_in(page: Page, email: str) -> None:
    page.evaluate("sessionStorage.setItem('todo-token', 'expired')")
    add(page, "Buy milk")
    enter(page, "Log in", email)
    page.get_by_label("New task").wait_for()


def test_a_create_whose_answer_was_lost_is_done_once(
    page: Page, email: str, figure: Figure
) -> None:
    """The request arrives, and the network eats the answer."""
    tries: list[str] = []

    def lose_the_first(route: Route) -> None:
        tries.append(route.request.headers["idempotency-key"])
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/api/tasks$"), lose_the_first)
    add(page, "Buy milk")
    page.get_by_label("Buy milk").wait_for()
    page.unroute_all()
    page.reload()
    page.get_by_label("Buy milk").wait_for()
    assert page.locator("li").count() == 1
    figure("tries of a create whose first answer was lost, and tasks made", f"{len(tries)}, 1")
    assert len(tries) == 2
    assert len(set(tries)) == 1


def test_a_database_that_is_away_for_a_moment_is_not_noticed(
    page: Page, email: str, backend: Backend
) -> None:
    with backend.without_database(), page.expect_response(lambda answer: answer.status == 500):
        add(page, "Buy milk")
    page.get_by_label("Buy milk").wait_for()


def test_without_a_network_it_says_so(page: Page, email: str, window: Window) -> None:
    window.context.set_offline(True)
    add(page, "Buy milk")
    tells(page, "The service cannot be reached. Are you online?")
