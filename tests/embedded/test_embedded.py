"""`python service.py --embedded`: one command, and nothing left after it ends or is killed."""

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support.load import Load
from tests.support.program import Program, eventually, free_port
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import new_email

DEVELOPMENT_ORIGINS = ("http://localhost:3000", "http://localhost:5173")


@contextmanager
def in_new_directory(parent: Path, *arguments: str) -> Iterator[Program]:
    """The program, still to be started, in a directory with a space in its name."""
    directory = parent / f"a directory {uuid4().hex[:8]}"
    directory.mkdir()
    program = Program(directory, {"PORT": str(free_port())}, "--embedded", *arguments)
    try:
        yield program
    finally:
        program.kill()
        assert eventually(lambda: not postgres_of(program)), "PostgreSQL is still running"


@pytest.fixture(scope="module")
def demo(open_directory: Path) -> Iterator[Program]:
    with in_new_directory(open_directory, "--demo") as program:
        yield program.start()


@pytest.fixture
def embedded(open_directory: Path) -> Iterator[Program]:
    with in_new_directory(open_directory) as program:
        yield program


def postgres_of(program: Program) -> list[int]:
    """The processes whose working directory is the program's data."""
    data, found = str(program.directory.resolve() / "data"), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(data):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def kill(program: Program) -> None:
    """Send SIGKILL to the program itself only."""
    os.kill(program.pid, signal.SIGKILL)
    assert program.process
    program.process.wait()


def printed(program: Program, name: str) -> str:
    """The last line of this name that the program printed at its start."""
    return re.findall(rf"^  {name} +(.*)$", program.read("stdout"), re.MULTILINE)[-1]


def run_example(program: Program) -> str:
    """The output of the command that the program printed."""
    command = ["bash", "-c", printed(program, "try")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def tasks(program: Program, token: str) -> httpx.Response:
    return httpx.get(f"{program.url}/api/tasks", headers=bearer(token))


def allowed_origin(program: Program, origin: str) -> str | None:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = httpx.options(f"{program.url}/api/tasks", headers=headers)
    return response.headers.get("access-control-allow-origin")


def test_demo_prints_addresses_and_an_account_with_tasks(demo: Program) -> None:
    assert printed(demo, "listening") == demo.url
    assert printed(demo, "docs") == f"{demo.url}/docs"
    assert printed(demo, "data") == str(demo.directory / "data")
    assert run_example(demo).count('"title"') == 12
    found = tasks(demo, printed(demo, "token")).json()["tasks"]
    assert len(found) == 12
    assert {task["completed"] for task in found} == {True, False}
    email, password = printed(demo, "demo").split(", password ")
    account = {"email": email, "password": password}
    assert httpx.post(f"{demo.url}/api/auth/login", json=account).status_code == 200


def test_pages_in_development_are_allowed(demo: Program) -> None:
    for origin in DEVELOPMENT_ORIGINS:
        assert allowed_origin(demo, origin) == origin
    assert allowed_origin(demo, "http://localhost:4000") is None


def test_second_start_on_the_same_data_is_refused(demo: Program, tmp_path: Path) -> None:
    data = str(demo.directory / "data")
    ended = Program(tmp_path, {"PORT": "0"}, "--embedded", data).launch().ended()
    assert ended.code == 1
    assert re.fullmatch(rf"error: {data} is in use by .*\n", ended.stderr)
    assert demo.healthy()


def test_data_survive_kill_9_and_postgres_ends_at_every_end(demo: Program) -> None:
    token = printed(demo, "token")
    before = tasks(demo, token).json()
    kill(demo)
    assert eventually(lambda: not postgres_of(demo) and not demo.healthy())
    demo.start()
    assert tasks(demo, token).json() == tasks(demo, printed(demo, "token")).json() == before
    assert stat.S_IMODE((demo.directory / "data/secret").stat().st_mode) == 0o600
    assert demo.stop() == 0
    assert postgres_of(demo) == []


def test_wrong_setting_ends_the_start_before_anything_is_written(embedded: Program) -> None:
    embedded.environment["JWT_EXPIRATION_HOURS"] = "a day"
    ended = embedded.launch().ended()
    assert ended.code == 2
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == ["JWT_EXPIRATION_HOURS"]
    assert not (embedded.directory / "data").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_settings_of_a_file_are_kept(embedded: Program, workers: str) -> None:
    settings = f"BETTER_AUTH_SECRET={SECRET}\nFRONTEND_URL={FRONTEND}\n"
    (embedded.directory / ".env").write_text(settings)
    embedded.arguments += ("--workers", workers)
    embedded.start()
    content = claims(str(uuid4()), email=new_email())
    assert tasks(embedded, sign(content)).status_code == 200
    assert tasks(embedded, sign(content, f"not {SECRET}")).status_code == 401
    assert allowed_origin(embedded, FRONTEND) == FRONTEND
    assert allowed_origin(embedded, DEVELOPMENT_ORIGINS[0]) is None
    assert '"token"' in run_example(embedded)
    os.kill(embedded.pid, signal.SIGINT)
    assert embedded.ended().code == 0
    assert postgres_of(embedded) == []


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "at_once"), [("1", True), ("1", False), ("2", True)])
def test_no_acknowledged_write_is_lost_by_kill_9(
    embedded: Program, workers: str, *, at_once: bool
) -> None:
    """Whether the next start comes at once, or when everything has ended."""
    (embedded.directory / ".env").write_text(f"BETTER_AUTH_SECRET={SECRET}\n")
    embedded.arguments += ("--workers", workers)
    embedded.start()
    with Load(embedded.url, readers=0, pause=0.01) as load:
        assert eventually(lambda: load.acknowledged > 200, 20)
        kill(embedded)
    assert at_once or eventually(lambda: not postgres_of(embedded) and not embedded.healthy())
    embedded.start()
    cluster = quote(str(embedded.directory / "data/cluster"))
    with Sql(f"postgresql://todo@/todo?host={cluster}") as sql:
        assert (load.lost(sql), load.twice(sql)) == ([], [])


@pytest.mark.slow
def test_start_after_kill_9_during_initdb(embedded: Program) -> None:
    embedded.launch()
    draft = embedded.directory / "data/cluster.new"
    assert eventually((draft / "base/4").exists, 20)
    kill(embedded)
    embedded.start()
    assert not draft.exists()


@pytest.mark.slow
def test_port_in_use_is_one_line(embedded: Program, service: Program) -> None:
    embedded.environment["PORT"] = str(service.port)
    ended = embedded.launch().ended()
    assert ended.code == 1
    assert re.fullmatch(rf"error: .* port {service.port}: .*\n", ended.stderr)
