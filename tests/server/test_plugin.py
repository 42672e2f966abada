"""Plugins: declared, loaded by name, refused where they cannot work."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from core.body import Body
from core.plugin import Plugin, PluginError, load, routes
from tests.conftest import settings_for
from tests.support import expect
from tests.support.program import Program

ROOT = Path(__file__).parents[2]
GUEST = '''
from core.plugin import Plugin

plugin = Plugin("guest", prefix="/api/tasks")

@plugin.get("/count", public=True)
async def count(request):
    """A fixed path below a path with a parameter."""
    return {"count": 3}

@plugin.route("PATCH", "", public=True)
async def patch(request):
    """One more method on somebody else's path."""
    return {"patched": True}
'''


def imports_of(file: Path) -> list[str]:
    return re.findall(r"^\s*(?:from|import) ([\w.]+)", file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", sorted(ROOT.glob("core/**/*.py")), ids=lambda file: file.name)
def test_core_imports_no_plugin(file: Path) -> None:
    assert not [name for name in imports_of(file) if name.startswith(("plugins", "service"))]


@pytest.mark.parametrize("file", sorted(ROOT.glob("plugins/*.py")), ids=lambda file: file.name)
def test_no_plugin_imports_another(file: Path) -> None:
    assert not [name for name in imports_of(file) if name.startswith(("plugins", "service"))]


@pytest.fixture(scope="module")
def guest(
    start: Callable[..., Program], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Program:
    directory = tmp_path_factory.mktemp("guest")
    (directory / "mine").mkdir()
    (directory / "mine" / "guest.py").write_text(GUEST)
    return start(database_url, PLUGINS="tasks,health,mine.guest", PYTHONPATH=str(directory))


def test_a_guest_shares_a_path(guest: Program) -> None:
    assert httpx.get(f"{guest.url}/api/tasks/count").json() == {"count": 3}
    assert httpx.patch(f"{guest.url}/api/tasks").json() == {"patched": True}
    allow = httpx.delete(f"{guest.url}/api/tasks").headers["allow"]
    assert {"GET", "PATCH", "POST"} <= set(allow.split(", "))


def test_what_is_not_listed_is_not_there(guest: Program) -> None:
    expect.error(httpx.get(f"{guest.url}/api/auth/login"), 404)
    expect.error(httpx.get(f"{guest.url}/docs"), 404)
    expect.unauthorized(httpx.get(f"{guest.url}/api/tasks"))


@pytest.mark.parametrize("names", ["nobody", "tasks,nobody.nowhere", "tasks,tasks", "json.decoder"])
def test_plugins_that_cannot_work_end_the_start(
    tmp_path: Path, database_url: str, names: str
) -> None:
    program = Program(tmp_path, settings_for(database_url) | {"PLUGINS": names}).launch()
    ended = program.ended()
    assert ended.code == 2
    assert ended.stderr.startswith("error: PLUGINS: ")
    assert len(ended.stderr.splitlines()) == 1


def test_the_same_route_twice_is_refused() -> None:
    plugin = Plugin("twice")
    for _ in range(2):
        plugin.get("/again")(handler)
    with pytest.raises(PluginError, match="GET /again is declared twice"):
        routes([plugin], 1000)


def test_declaring_has_no_side_effects() -> None:
    assert Plugin("new").get("/here")(handler) is handler
    assert [plugin.name for plugin in load(["health"])] == ["health"]


def test_the_second_parameter_must_be_a_body() -> None:
    async def takes_text(request: object, text: str) -> None:
        """Not a body."""

    async def takes_body(request: object, body: Body) -> None:
        """A body."""

    plugin = Plugin("bodies")
    plugin.post("/good")(takes_body)
    with pytest.raises(TypeError, match="takes_text"):
        plugin.post("/bad")(takes_text)


async def handler(request: object) -> None:
    """Do nothing."""
