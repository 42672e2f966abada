"""`service:create_app` under a path: mounted in another application, or behind a root_path."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import settings_for
from tests.support import expect
from tests.support.markdown import ROOT
from tests.support.program import Program, eventually
from tests.support.routes import use_every_route
from tests.support.users import User, new_email

OUTER = """
from starlette.applications import Starlette
from starlette.routing import Mount
import service

def create_app():
    app = service.create_app()
    lifespan = app.router.lifespan_context
    return Starlette(routes=[Mount("/todo", app)], lifespan=lambda _: lifespan(app))
"""
# Options of uvicorn, and the prefix of paths; the proxy in front of a root_path removes it.
WAYS = {
    "Mount": (["outer:create_app"], "/todo"),
    "root_path": (["service:create_app", "--root-path", "/todo"], ""),
}


@pytest.fixture(scope="module", params=WAYS)
def http(
    request: pytest.FixtureRequest, database_url: str, open_directory: Path
) -> Iterator[httpx.Client]:
    options, prefix = WAYS[request.param]
    (open_directory / "outer.py").write_text(OUTER)
    settings = settings_for(database_url) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{open_directory}"}
    program = Program(open_directory, settings)
    command = [sys.executable, "-m", "uvicorn", "--factory", "--port", settings["PORT"], *options]
    process = subprocess.Popen(command, cwd=open_directory, env=program.environment)
    try:
        assert eventually(lambda: responds(f"{program.url}{prefix}/health"), 20)
        with httpx.Client(base_url=f"{program.url}{prefix}", timeout=20) as client:
            yield client
    finally:
        process.kill()
        process.wait()


def responds(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_every_route_is_served(http: httpx.Client) -> None:
    use_every_route(http)


def test_errors_and_headers_are_the_same(http: httpx.Client) -> None:
    missing, refused = http.get("/api/nothing"), http.delete("/api/tasks")
    expect.error(missing, 404)
    expect.error(refused, 405)
    assert {"GET", "POST", "OPTIONS"} <= set(refused.headers["allow"].split(", "))
    assert missing.headers["cache-control"] == refused.headers["cache-control"] == "no-store"
    assert "cache-control" not in http.get("/health").headers


def test_link_to_the_next_page_has_the_whole_path(http: httpx.Client) -> None:
    user = User(http, str(uuid4()), new_email())
    second, first = user.add("second"), user.add("first")
    page = user.get("/api/tasks", params={"limit": 1})
    assert page.json()["tasks"] == [first]
    path = page.links["next"]["url"]
    assert path.startswith("/todo/api/tasks?")
    assert user.get(path.removeprefix("/todo")).json() == {"tasks": [second]}
