"""A real Chromium without a screen, and windows whose every request and complaint is kept.

While a browser is open its event loop counts as running in this thread: tests look at the
database through HTTP, and `Sql` is for fixtures that come before the browser.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE = 15_000  # milliseconds
TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`Content-Security-Policy ${violatedDirective} forbids ${blockedURI}`));
"""


def find_chromium() -> str:
    """The path of the program; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not program:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    return program


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """An open browser, of which nothing is left at the end."""
    directory = tempfile.mkdtemp(prefix="todo-browser-")
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("TMPDIR", directory)  # for the profile
            environment.setenv("HOME", directory)
            with sync_playwright() as driver:
                # Its sandbox cannot be had as root; what is shown here is our own.
                browser = driver.chromium.launch(
                    executable_path=program, args=FLAGS, chromium_sandbox=False
                )
                yield browser
                browser.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Window:
    """A page with a store of its own."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        """`options` are those of Playwright's new_context: colours, size, touch."""
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(TELL_OF_VIOLATIONS)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def origins(self) -> set[str]:
        """Where requests went."""
        return {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, self.requests)}

    def picture(self, directory: Path, name: str) -> None:
        self.page.screenshot(path=directory / f"{name}.png", full_page=True)

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)
