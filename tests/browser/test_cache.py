"""The browser keeps nothing of the API, and asks the network each time."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.backend import Backend
from tests.browser.caller import Caller
from tests.browser.frontend import Frontend
from tests.support.browser import Window
from tests.support.users import User

LIST_ON_LOAD = """
<!doctype html><link rel="icon" href="data:,">
<ol></ol>
<script>
  const headers = { Authorization: "Bearer TOKEN" };
  fetch("URL/api/tasks", { headers }).then((answer) => answer.json()).then(({ tasks }) => {
    document.querySelector("ol").innerHTML = tasks.map(({ title }) => `<li>${title}`).join("");
    document.title = "listed";
  });
</script>
"""
Figure = Callable[[str, object], None]
pytestmark = pytest.mark.slow


class NetworkLog:
    """Where the browser says it took each answer from."""

    def __init__(self, window: Window) -> None:
        self.network: list[str] = []
        self.cache: list[str] = []
        self.urls: dict[str, str] = {}
        session = window.context.new_cdp_session(window.page)
        session.on("Network.requestServedFromCache", self._served_from_cache)
        session.on("Network.responseReceived", self._received)
        session.on("Network.requestWillBeSent", self._sent)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _served_from_cache(self, event: dict[str, Any]) -> None:
        self.cache.append(self.urls[event["requestId"]])

    def _received(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        if event["type"] == "Preflight":
            return
        kept = answer.get("fromDiskCache") or answer["url"] in self.cache
        (self.cache if kept else self.network).append(answer["url"])


@pytest.fixture
def log(window: Window) -> NetworkLog:
    return NetworkLog(window)


def test_the_log_knows_what_came_from_the_cache(
    log: NetworkLog, window: Window, backend: Backend
) -> None:
    """A part of the documentation may be kept for an hour, and is."""
    url = f"{backend.url}/docs/page.css"
    window.page.goto(f"{backend.url}/health")
    for _ in range(2):
        window.page.evaluate("url => fetch(url).then(answer => answer.text())", url)
    assert log.network.count(url) == 1
    assert url in log.cache


@pytest.mark.parametrize("mode", ["default", "force-cache"])
def test_the_same_question_is_asked_again(
    log: NetworkLog,
    window: Window,
    backend: Backend,
    frontend: Frontend,
    page_user: User,
    mode: str,
) -> None:
    """Even by a page that would rather have something old."""
    caller = Caller(window, frontend.origin, backend.url)
    for number in range(3):
        page_user.add(f"task {number}")
        read = caller.call("GET", "/api/tasks", page_user.token, cache=mode)
        assert len(read.body["tasks"]) == number + 1
    assert log.network.count(f"{backend.url}/api/tasks") == 3
    assert [url for url in log.cache if "/api/" in url] == []


def test_the_back_button_shows_what_is_true_now(
    log: NetworkLog,
    window: Window,
    backend: Backend,
    frontend: Frontend,
    page_user: User,
    figure: Figure,
) -> None:
    page_user.add("Buy milk")
    text = LIST_ON_LOAD.replace("TOKEN", page_user.token).replace("URL", backend.url)
    frontend.files["/list.html"] = text.encode()
    window.page.goto(f"{frontend.origin}/list.html")
    window.page.wait_for_function("document.title === 'listed'")
    window.page.goto(frontend.origin)
    page_user.add("Buy bread")
    window.page.go_back()
    window.page.wait_for_function("document.title === 'listed'")
    assert window.page.locator("li").all_inner_texts() == ["Buy bread", "Buy milk"]
    asked = log.network.count(f"{backend.url}/api/tasks")
    figure("requests that reached the network of 2 lists, one by the back button", asked)
    assert asked == 2
    assert [url for url in log.cache if "/api/" in url] == []
