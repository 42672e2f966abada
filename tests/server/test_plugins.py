"""Plugins: loaded by name, refused where they cannot work, and as docs/plugins.md shows them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from core.body import Body
from core.plugin import Plugin, PluginError, load, load_or_exit, routes
from tests.support import expect
from tests.support.markdown import ROOT, block
from tests.support.program import Program
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User, new_email

GUEST = '''
from core.plugin import Plugin

plugin = Plugin("guest", prefix="/api/tasks")

@plugin.get("/count", public=True)
async def count(request):
    """A fixed path below a path with a parameter."""
    return {"count": 3}

@plugin.route("PATCH", "", public=True)
async def patch(request):
    """One more method of a path of another plugin."""
    return {"patched": True}
'''


class Guest(NamedTuple):
    """A service with some of its own plugins and two others, which logs errors only."""

    program: Program
    http: httpx.Client


@pytest.fixture(scope="module")
def guest(
    start: Callable[..., Program], database_url: str, open_directory: Path
) -> Iterator[Guest]:
    (open_directory / "guests").mkdir()
    (open_directory / "guests/progress.py").write_text(block("docs/plugins.md", "plugin"))
    (open_directory / "guests/guest.py").write_text(GUEST)
    plugins = "tasks,health,docs,guests.progress,guests.guest"
    program = start(
        database_url, PLUGINS=plugins, PYTHONPATH=str(open_directory), LOG_LEVEL="error"
    )
    with httpx.Client(base_url=program.url) as http:
        yield Guest(program, http)
    program.kill()


def test_two_plugins_can_share_a_path(guest: Guest) -> None:
    assert guest.http.get("/api/tasks/count").json() == {"count": 3}
    assert guest.http.patch("/api/tasks").json() == {"patched": True}
    allow = guest.http.delete("/api/tasks").headers["allow"]
    assert {"GET", "PATCH", "POST"} <= set(allow.split(", "))


def test_only_listed_plugins_are_loaded(guest: Guest) -> None:
    assert guest.http.get("/health").status_code == 200
    expect.error(guest.http.post("/api/auth/login", json={}), 404)
    expect.unauthorized(guest.http.get("/api/tasks"))


def test_plugin_of_the_documentation_works_unchanged(guest: Guest) -> None:
    user = User(guest.http, str(uuid4()), new_email())
    tasks = [user.add(title) for title in ("one", "two", "three")]
    user.put(f"/api/tasks/{tasks[0]['id']}", json={"completed": True})
    assert user.get("/api/progress").json() == {"tasks": 3, "done": 1}
    expect.unauthorized(guest.http.get("/api/progress"))
    path = guest.http.get("/openapi.json").json()["paths"]["/api/progress"]
    assert path["get"]["operationId"] == "getProgress"
    text = (ROOT / "docs/plugins.md").read_text()
    assert re.search(r"`PLUGINS=[\w,]+,guests.progress make run`", text)


def test_log_level_error_hides_refused_tokens(guest: Guest) -> None:
    expect.unauthorized(guest.http.get("/api/tasks", headers=bearer(forge(claims("")))))
    assert guest.program.records() == []


@pytest.mark.parametrize("module", ["json.decoder", "core.plugin", "no.such.module"])
def test_module_without_a_plugin_ends_the_start(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load_or_exit(["plugins.tasks", module])
    assert ended.value.code == 2
    assert re.fullmatch(rf"error: PLUGINS: {module}: .*\n", capsys.readouterr().err)


async def handler(request: object) -> None:
    """Do nothing."""


def test_route_declared_twice_is_refused() -> None:
    plugin = Plugin("twice")
    for _ in range(2):
        assert plugin.get("/again")(handler) is handler
    with pytest.raises(PluginError, match="GET /again is declared twice"):
        routes([plugin], 1000)
    assert [plugin.name for plugin in load(["plugins.health"])] == ["health"]


def test_second_parameter_must_be_a_body() -> None:
    async def takes_body(request: object, body: Body) -> None:
        """A body."""

    async def takes_text(request: object, text: str) -> None:
        """Not a body."""

    plugin = Plugin("bodies")
    plugin.post("/good")(takes_body)
    with pytest.raises(TypeError, match="takes_text"):
        plugin.post("/bad")(takes_text)
