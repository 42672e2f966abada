"""The documentation, used as a person does: by looking, clicking and typing."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Locator

from tests.support.browser import Window

SETTLED = (
    "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
)
TEXTS = Path(__file__).with_name("text.js").read_text()


class Text(NamedTuple):
    """Something that can be read."""

    text: str
    size: float
    contrast: float


class DocsPage:
    """/docs in a window."""

    def __init__(self, window: Window, service: str, place: str = "") -> None:
        self.page = window.page
        self.page.goto(f"{service}/docs{place}")
        self.page.locator(".opblock").first.wait_for()

    def operation(self, name: str) -> Locator:
        """An operation, open."""
        block = self.page.locator(f".opblock[id$=-{name}]")
        if not block.locator(".opblock-body").count():
            block.locator(".opblock-summary-control").click()
            block.locator(".opblock-body").wait_for()
        return block

    def execute(self, name: str, **body: object) -> tuple[int, Any]:
        """Try an operation out; the status and the JSON that the page shows."""
        block = self.operation(name)
        if body:
            block.locator("textarea").fill(json.dumps(body))
        clear = block.get_by_role("button", name="Clear")
        if clear.count():
            clear.click()
        block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table .response")
        status = int(answer.locator(".response-col_status").inner_text().split()[0])
        return status, json.loads(answer.locator("code.language-json").inner_text())

    def snippet(self, name: str, language: str) -> str:
        """How a program would do what was just tried out."""
        block = self.operation(name)
        shown = block.locator(".request-snippets")
        shown.get_by_text(language, exact=True).click()
        return shown.locator("pre").inner_text()

    def dialogue(self) -> Locator:
        """The dialogue behind Authorize, open."""
        self.page.locator(".scheme-container").get_by_role("button", name="Authorize").click()
        return self.page.locator(".modal-ux")

    def authorize(self, token: str) -> None:
        dialogue = self.dialogue()
        dialogue.locator("input").fill(token)
        dialogue.get_by_role("button", name="Apply credentials").click()
        dialogue.get_by_role("button", name="Close", exact=True).click()

    def log_out(self) -> None:
        dialogue = self.dialogue()
        dialogue.get_by_role("button", name="Remove authorization").click()
        dialogue.get_by_role("button", name="Close", exact=True).click()

    def open_everything(self) -> None:
        for closed in (
            ".opblock-summary-control[aria-expanded=false]",
            ".models-control",
            ".models .json-schema-2020-12-expand-deep-button",
        ):
            self.page.locator(closed).evaluate_all("all => all.forEach(each => each.click())")
            self.page.wait_for_function(SETTLED)

    def texts(self, where: str = "body") -> list[Text]:
        found = self.page.locator(where).evaluate(TEXTS)
        return [Text(**each) for each in found]
