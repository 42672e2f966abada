"""The real Better Auth of examples/better-auth, and people who are logged in to it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt

from tests.support.node import Example
from tests.support.program import eventually, free_port
from tests.support.tokens import SECRET
from tests.support.users import User, new_email

PASSWORD = "correct horse battery"


def build(directory: Path) -> Example:
    """The example, type-checked and compiled, with our variants and page beside it."""
    example = Example("better-auth", directory)
    done = example.run("node_modules/.bin/tsc")
    assert done.returncode == 0, done.stdout + done.stderr
    for script in Path(__file__).parent.glob("*.mjs"):
        shutil.copy(script, example.directory / "dist")
    return example


class BetterAuth:
    """A running Better Auth."""

    def __init__(self, port: int, log: Path, browsers: ExitStack) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.browsers = browsers

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/auth/ok", timeout=2).json() == {"ok": True}
        except httpx.TransportError:
            return False

    def sign_up(self, email: str = "") -> "Member":
        """Somebody new, with a browser that is closed when the server ends."""
        headers = {"Origin": self.url}
        browser = httpx.Client(base_url=f"{self.url}/api/auth", headers=headers, timeout=20)
        return Member(self.browsers.enter_context(browser), email or new_email())

    def mailed(self) -> list[str]:
        """The links that it has mailed, the first one first."""
        return [line for line in self.log.read_text().splitlines() if line.startswith(self.url)]


@contextmanager
def better_auth(example: Example, *variant: str, secret: str = SECRET) -> Iterator[BetterAuth]:
    """Better Auth as in the example's server.ts, or in one of variants.mjs."""
    port, browsers = free_port(), ExitStack()
    server = BetterAuth(port, example.directory / f"{port}.log", browsers)
    script = ("dist/variants.mjs", *variant) if variant else ("dist/server.js",)
    settings = {"BETTER_AUTH_SECRET": secret, "BETTER_AUTH_URL": server.url}
    with example.running("node", *script, log=server.log, **settings), browsers:
        assert eventually(server.answers, 20), server.log.read_text()
        yield server


class Member:
    """Somebody who has signed up with Better Auth, and the cookies of the browser."""

    def __init__(self, browser: httpx.Client, email: str) -> None:
        self.browser = browser
        self.email = email
        account = {"name": "Ada", "email": email, "password": PASSWORD}
        answer = self.ask("POST", "/sign-up/email", json=account)
        self.id: str = answer["user"]["id"]
        self.session: str = answer["token"]

    def ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self.browser.request(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self) -> str:
        """What the jwt plugin gives to a page."""
        token: str = self.ask("GET", "/token")["token"]
        return token

    def caller(self, http: httpx.Client) -> User:
        """The same person as a caller of the service."""
        return User(http, self.id, self.email, self.token())

    def cookie(self, name: str) -> str:
        value = self.browser.cookies.get(f"better-auth.{name}")
        assert value
        return value

    def follow(self, link: str) -> None:
        answer = self.browser.get(link)
        assert answer.status_code == 302, answer.text
        assert "error" not in answer.headers["location"]


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token that is signed with our secret, and valid now."""
    claims: dict[str, Any] = jwt.decode(
        token, SECRET, algorithms=["HS256"], options={"verify_aud": False}
    )
    return claims
