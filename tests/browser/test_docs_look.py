"""The documentation can be read: by day, by night and on a phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.backend import Backend
from tests.browser.docs_page import DocsPage, Text
from tests.support.browser import Window
from tests.support.program import eventually
from tests.support.users import new_email

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": DESK},
    "dark": {"color_scheme": "dark", "viewport": DESK},
    "phone": {"color_scheme": "light", "viewport": PHONE, "is_mobile": True, "has_touch": True},
}
LOOKS["phone-dark"] = LOOKS["phone"] | {"color_scheme": "dark"}
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LEAST_SIZE = 14
PAPER = "getComputedStyle(document.documentElement).backgroundColor"
PAPERS = {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 32, 34)"}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
Figure = Callable[[str, object], None]
pytestmark = pytest.mark.slow


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def window(browser: Browser, look: str) -> Iterator[Window]:
    opened = Window(browser, **LOOKS[look])
    yield opened
    opened.close()


@pytest.fixture
def page(window: Window, backend: Backend) -> DocsPage:
    return DocsPage(window, backend.url)


def least_contrast(texts: list[Text]) -> float:
    return min(text.contrast for text in texts)


def readable(texts: list[Text]) -> None:
    assert [text for text in texts if text.contrast < LEAST_CONTRAST] == []
    assert [text for text in texts if text.size < LEAST_SIZE] == []


def test_everything_on_it_can_be_read(
    page: DocsPage, window: Window, backend: Backend, look: str, artefacts: Path, figure: Figure
) -> None:
    assert window.page.evaluate(PAPER) == PAPERS["dark" if "dark" in look else "light"]
    window.picture(artefacts, f"docs-{look}")
    page.open_everything()
    page.execute("signup", email=new_email(), password="correct horse")
    page.execute("createTask", title="A task with a long title " + "abc" * 40)
    window.picture(artefacts, f"docs-{look}-open")
    texts = page.texts()
    readable(texts)
    assert window.page.evaluate(TOO_WIDE) == 0
    assert len(texts) > 300
    assert window.origins() == {backend.url}
    assert window.complaints == []
    figure(
        f"documentation, {look}: texts, least contrast",
        f"{len(texts)}, {least_contrast(texts):.1f}",
    )


def test_its_dialogue_can_be_read(
    page: DocsPage, window: Window, look: str, artefacts: Path
) -> None:
    dialogue = page.dialogue()
    window.page.screenshot(path=artefacts / f"docs-{look}-authorize.png")
    assert len(page.texts(".modal-ux")) >= 5
    readable(page.texts(".modal-ux"))
    box = dialogue.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= LOOKS[look]["viewport"]["width"]


@pytest.mark.parametrize("look", ["phone"], indirect=True)
def test_every_button_can_be_tapped(page: DocsPage, window: Window) -> None:
    page.execute("signup", email=new_email(), password="correct horse")
    page.operation("updateTask")
    tapped = []
    for button in window.page.get_by_role("button").all():
        if button.is_visible():
            button.tap(trial=True)
            tapped.append(button.inner_text())
    assert {"Authorize", "Execute", "Clear", "Cancel"} <= set(tapped)
    assert len(tapped) > 2 * window.page.locator(".opblock").count()


@pytest.mark.parametrize("look", ["light"], indirect=True)
def test_it_follows_the_system_at_dusk(page: DocsPage) -> None:
    assert page.page.evaluate(PAPER) == PAPERS["light"]
    page.page.emulate_media(color_scheme="dark")
    page.page.locator("html.dark-mode").wait_for()
    assert page.page.evaluate(PAPER) == PAPERS["dark"]
    eventually(lambda: least_contrast(page.texts()) >= LEAST_CONTRAST)  # links change slowly
    readable(page.texts())
