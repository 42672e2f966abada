"""The script of a page that calls the service, and what it can read of the answer."""

from json import dumps
from typing import Any, NamedTuple

from tests.support.browser import Window
from tests.support.tokens import bearer

JSON = {"Content-Type": "application/json"}
CALL = """
([url, options, blanks, times]) => {
  const call = async () => {
    try {
      const answer = await fetch(url, blanks ? { ...options, body: " ".repeat(blanks) } : options);
      const text = await answer.text();
      return {
        status: answer.status,
        body: text ? JSON.parse(text) : null,
        request_id: answer.headers.get("X-Request-ID"),
        retry_after: answer.headers.get("Retry-After"),
        link: answer.headers.get("Link"),
      };
    } catch (error) {
      return { status: 0, body: null, failure: error.name };
    }
  };
  return Promise.race(Array.from({ length: times }, call));
}
"""


class Read(NamedTuple):
    """What a page's script can read; the status is 0 where there is nothing but a failure."""

    status: int
    body: Any
    request_id: str | None = None
    retry_after: str | None = None
    link: str | None = None
    failure: str | None = None


class Caller:
    """A page that calls a service."""

    def __init__(self, window: Window, origin: str, service: str) -> None:
        self.window = window
        self.service = service
        window.page.goto(origin)

    def call(
        self,
        method: str,
        path: str,
        token: str = "",
        *,
        json: object = None,
        blanks: int = 0,
        times: int = 1,
        **options: Any,
    ) -> Read:
        """Send JSON, or so many blanks, or what the options of fetch() say.

        Where it is done several times at once, the first answer counts.
        """
        headers = options.pop("headers", {}) | (bearer(token) if token else {})
        if json is not None:
            options["body"] = dumps(json)
            headers = JSON | headers
        options |= {"method": method, "headers": headers}
        seen = self.window.page.evaluate(CALL, [self.service + path, options, blanks, times])
        return Read(**seen)
