"""`make onefile`: one executable serves as `service.py` does, on a host without Python."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx
import pytest

from core import __version__
from tests.contract.test_end_to_end import test_two_people_keep_their_lists as keep_lists
from tests.deploy.onefile import ROOT, Maker, built
from tests.support import expect
from tests.support.program import eventually
from tests.support.speed import slowness
from tests.support.sql import Sql, new_database
from tests.support.tokens import SECRET
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow
file = pytest.fixture(built, scope="module")

FRONTEND = "https://todo.example.com"
PLUGIN = """
import csv, ctypes, sqlite3, statistics, sys, xml.etree.ElementTree, zoneinfo
from pathlib import Path

import starlette.staticfiles
from core.plugin import Plugin

plugin = Plugin("mine")
inside = [file for file in Path(sys._MEIPASS).rglob("*.so*") if "pginstall18" not in file.parts]

@plugin.get("/mine", public=True)
async def mine(request):
    return {"loaded": len([ctypes.CDLL(str(file)) for file in inside])}
"""


@pytest.fixture
def make(file: Path, open_directory: Path) -> Iterator[Maker]:
    with Maker(file, open_directory) as maker:
        yield maker


@pytest.fixture
def settings(postgres: str) -> dict[str, str]:
    """The three that are required, and no more."""
    return {
        "DATABASE_URL": new_database(postgres),
        "BETTER_AUTH_SECRET": SECRET,
        "FRONTEND_URL": FRONTEND,
    }


def test_it_is_small(file: Path, figure: Callable[[str, object], None]) -> None:
    megabytes = file.stat().st_size / 1e6
    figure("the one file, PostgreSQL included", f"{megabytes:.1f} MB")
    assert megabytes < 50


def test_missing_settings_are_one_line_each(
    make: Maker, figure: Callable[[str, object], None]
) -> None:
    ended = make().launch().ended()
    figure("the one file, until it ends without settings", f"{ended.seconds:.2f} s")
    assert ended.code == 2
    assert [line.split(":")[1] for line in ended.stderr.splitlines()] == [
        " DATABASE_URL",
        " BETTER_AUTH_SECRET",
        " FRONTEND_URL",
    ]
    assert ended.seconds < 3 * slowness()


def test_help_and_version(make: Maker) -> None:
    assert make("--version").launch().ended().stdout == f"{__version__}\n"
    text = make("--help").launch().ended().stdout
    assert text.startswith("Usage: todo [OPTIONS]")
    assert "service.py" not in text


def test_the_schema_is_inside(make: Maker) -> None:
    program = make()
    program.command[1:] = ["schema"]
    ended = program.launch().ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert (program.directory / "stdout").read_bytes() == (ROOT / "schema.sql").read_bytes()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_main_path(make: Maker, settings: dict[str, str], workers: str) -> None:
    with make("--workers", workers, **settings) as program:
        with httpx.Client(base_url=program.url, timeout=20) as http:
            keep_lists(http)
            expect.unauthorized(http.get("/api/tasks"))
            page = http.get("/docs")
            assert page.headers["content-type"].startswith("text/html")
            assert "swagger-ui-bundle.js" in page.text
            assert len(http.get("/docs/swagger-ui-bundle.js").content) > 1_000_000
            assert http.get("/openapi.json").json()["openapi"] == "3.1.0"
            answer = http.get("/api/tasks", headers={"Origin": FRONTEND})
            assert answer.headers["access-control-allow-origin"] == FRONTEND
        assert program.stop() == 0
    assert eventually(lambda: not program.processes())
    assert program.left() == []
    assert "Traceback" not in program.output()


def test_two_run_side_by_side(make: Maker, settings: dict[str, str]) -> None:
    with make(**settings) as one, make(**settings) as two:
        assert one.healthy()
        assert one.stop() == 0
        assert two.healthy()


def test_plugins_of_the_operator(make: Maker, settings: dict[str, str]) -> None:
    """All libraries in the file can be loaded, and the standard library is whole."""
    program = make(PLUGINS="health,mine.plugin", PYTHONPATH=".", **settings)
    (program.directory / "mine").mkdir()
    (program.directory / "mine/plugin.py").write_text(PLUGIN)
    with program:
        assert httpx.get(f"{program.url}/mine", timeout=20).json()["loaded"] > 50


def test_ctrl_c_lets_requests_end(make: Maker, settings: dict[str, str]) -> None:
    """A terminal sends it to all processes of the foreground."""
    with make(**settings) as program, ThreadPoolExecutor(1) as runner:
        with httpx.Client(base_url=program.url) as http, Sql(settings["DATABASE_URL"]) as sql:
            user = User(http, str(uuid4()), new_email())
            user.add("Buy milk")
            with sql.locked("tasks"):
                listed = runner.submit(user.get, "/api/tasks")
                time.sleep(0.3)
                program.signal_group(signal.SIGINT)
                time.sleep(1)
            assert listed.result().status_code == 200
        assert program.ended().code == 0
    assert program.left() == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_runs_on_after_kill_9(
    make: Maker, settings: dict[str, str], workers: str, figure: Callable[[str, object], None]
) -> None:
    """A supervisor knows the program that unpacks, and not the one that serves."""
    program = make("--workers", workers, **settings).start()
    assert len(program.processes()) >= 2
    began = time.monotonic()
    program.kill_first()
    assert eventually(lambda: not program.processes())
    figure(
        f"the one file with {workers} worker(s), kill -9 until nothing of it runs",
        f"{time.monotonic() - began:.2f} s",
    )
    program.start()


def test_the_first_answer(
    make: Maker, settings: dict[str, str], figure: Callable[[str, object], None]
) -> None:
    for state, prepare in (("cold", drop_caches), ("warm", lambda: True)):
        seconds, prepared = [], True
        for _ in range(3):
            prepared &= prepare()
            with make(**settings) as program:
                seconds.append(time.monotonic() - program.launched)
        listed = ", ".join(f"{each:.2f}" for each in seconds)
        but = "" if prepared else " (but the page cache could not be dropped)"
        figure(f"the one file, first answer, {state}{but}", f"{listed} s")
        assert median(seconds) < 3 * slowness()


def drop_caches() -> bool:
    """Have the file read from the disk again; whether that can be had here."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True
