"""One Chromium, one frontend and one service for all tests here, and a new window for each."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser

from embedded import Postgres
from tests.browser.backend import Backend
from tests.browser.frontend import Frontend
from tests.support.browser import Window, chromium, find_chromium
from tests.support.program import Program, free_port
from tests.support.sql import new_database
from tests.support.users import User, new_email


@pytest.fixture(scope="package")
def frontend() -> Iterator[Frontend]:
    with Frontend() as server:
        yield server


@pytest.fixture(scope="package")
def backend(
    start: Callable[..., Program], open_directory: Path, frontend: Frontend
) -> Iterator[Backend]:
    server = Postgres(open_directory / "browser", durable=False, port=free_port())
    try:
        url = new_database(server.start())
        program = start(url, FRONTEND_URL=frontend.origin, DB_POOL_SIZE="4")
        yield Backend(program, server, url)
        program.stop()
    finally:
        server.stop()


@pytest.fixture(scope="package")
def chromium_program() -> str:
    return find_chromium()


@pytest.fixture(scope="package")
def browser(chromium_program: str, backend: Backend) -> Iterator[Browser]:
    assert backend.program.running()  # it comes first: see tests/support/browser.py
    with chromium(chromium_program) as opened:
        yield opened


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    opened = Window(browser)
    yield opened
    opened.close()


@pytest.fixture
def page_user(backend: Backend) -> Iterator[User]:
    """Somebody who calls the service from elsewhere too, with the token of a page's user."""
    with httpx.Client(base_url=backend.url, timeout=20) as http:
        yield User(http, str(uuid4()), new_email())


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    """Where pictures are kept: ARTEFACTS, or a directory that pytest forgets."""
    directory = Path(os.environ.get("ARTEFACTS") or tmp_path)
    directory.mkdir(parents=True, exist_ok=True)
    return directory
