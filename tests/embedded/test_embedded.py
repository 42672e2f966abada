"""`python service.py --embedded`: one command, and no trace of it after any end."""

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support.program import Program, eventually, free_port
from tests.support.tokens import SECRET, claims, sign
from tests.support.users import User, new_email


@pytest.fixture
def embedded(open_directory: Path) -> Iterator[Program]:
    """The program in a directory with a space, which PostgreSQL's own user can reach."""
    directory = open_directory / f"a directory {uuid4().hex[:8]}"
    directory.mkdir()
    program = Program(directory, {"PORT": str(free_port())}, "--embedded")
    yield program
    program.kill()
    assert eventually(lambda: not postgres_of(program)), "PostgreSQL was left behind"


def postgres_of(program: Program) -> list[int]:
    """The processes that work in the program's data directory."""
    data = str(program.directory.resolve() / "data")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(data):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def somebody(program: Program, http: httpx.Client) -> User:
    secret = (program.directory / "data" / "secret").read_text()
    user_id, email = str(uuid4()), new_email()
    return User(http, user_id, email, sign(claims(user_id, email=email), secret))


def test_it_says_where_everything_is_and_its_curl_line_works(embedded: Program) -> None:
    embedded.start()
    said = embedded.read("stdout")
    assert embedded.url in said
    assert f"{embedded.url}/docs" in said
    assert str(embedded.directory / "data") in said
    line = re.search(r"curl .*", said)
    assert line
    done = subprocess.run(["bash", "-c", line[0]], capture_output=True, text=True, check=True)
    assert '"token"' in done.stdout
    assert stat.S_IMODE((embedded.directory / "data" / "secret").stat().st_mode) == 0o600


def granted(program: Program, origin: str) -> str | None:
    """The origin that an answer to a page's preflight names."""
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{program.url}/api/tasks", headers=asks)
    return answer.headers.get("access-control-allow-origin")


def test_pages_in_development_may_call_it(embedded: Program) -> None:
    embedded.start()
    for origin in ("http://localhost:3000", "http://localhost:5173"):
        assert granted(embedded, origin) == origin
    assert granted(embedded, "http://localhost:4000") is None


def test_a_wrong_setting_ends_it_before_anything_is_made(embedded: Program) -> None:
    embedded.environment["JWT_EXPIRATION_HOURS"] = "a day"
    ended = embedded.launch().ended()
    assert ended.code == 2
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == ["JWT_EXPIRATION_HOURS"]
    assert not (embedded.directory / "data").exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_env_says_stays(embedded: Program, workers: str) -> None:
    """As Better Auth reads its secret from there, its tokens open the service."""
    settings = f"BETTER_AUTH_SECRET={SECRET}\nFRONTEND_URL={FRONTEND}\n"
    (embedded.directory / ".env").write_text(settings)
    embedded.arguments = ("--embedded", "--workers", workers)
    embedded.start()
    with httpx.Client(base_url=embedded.url) as http:
        user_id, email = str(uuid4()), new_email()
        User(http, user_id, email, sign(claims(user_id, email=email), SECRET)).add("Buy milk")
        assert somebody(embedded, http).get("/api/tasks").status_code == 401
    assert granted(embedded, FRONTEND) == FRONTEND
    assert granted(embedded, "http://localhost:3000") is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_both_and_the_data_stay(embedded: Program, number: signal.Signals) -> None:
    embedded.start()
    with httpx.Client(base_url=embedded.url) as http:
        user = somebody(embedded, http)
        user.add("Buy milk")
    os.kill(embedded.pid, number)
    assert embedded.ended().code == 0
    assert postgres_of(embedded) == []
    embedded.start()
    with httpx.Client(base_url=embedded.url) as http:
        user.http = http
        assert [task["title"] for task in user.tasks()] == ["Buy milk"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_is_left_after_kill_9(embedded: Program, workers: str) -> None:
    embedded.arguments = ("--embedded", "--workers", workers)
    embedded.start()
    os.kill(embedded.pid, signal.SIGKILL)
    assert embedded.process
    embedded.process.wait()
    assert eventually(lambda: not postgres_of(embedded))
    assert eventually(lambda: not embedded.healthy())
    embedded.start()


def test_a_second_start_on_the_same_data_says_so(embedded: Program) -> None:
    embedded.start()
    second = Program(embedded.directory, {"PORT": str(free_port())}, "--embedded")
    os.truncate(embedded.directory / "stderr", 0)
    ended = second.launch().ended()
    assert ended.code == 1
    assert ended.stderr.startswith("error: ")
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert embedded.healthy()


def test_a_port_in_use_is_said_in_one_line(embedded: Program) -> None:
    embedded.start()
    other = embedded.directory / "other"
    other.mkdir()
    second = Program(other, {"PORT": str(embedded.port)}, "--embedded")
    ended = second.launch().ended()
    assert ended.code == 1
    assert f"port {embedded.port}" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
