"""`--embedded --demo`: data to look at, at once."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.program import Program, free_port
from tests.support.tokens import bearer


@pytest.fixture
def demo(open_directory: Path) -> Iterator[Program]:
    directory = open_directory / f"demo {uuid4().hex[:8]}"
    directory.mkdir()
    program = Program(directory, {"PORT": str(free_port())}, "--embedded", "--demo")
    yield program.start()
    program.stop()


def said(program: Program, name: str) -> str:
    found = re.findall(rf"^  {name} +(.*)$", program.read("stdout"), re.MULTILINE)
    return str(found[-1])


def tasks(program: Program) -> list[dict[str, object]]:
    answer = httpx.get(f"{program.url}/api/tasks", headers=bearer(said(program, "token")))
    assert answer.status_code == 200
    found: list[dict[str, object]] = answer.json()["tasks"]
    return found


def test_its_token_and_its_line_show_a_dozen_tasks(demo: Program) -> None:
    assert len(tasks(demo)) == 12
    assert len({task["completed"] for task in tasks(demo)}) == 2
    line = said(demo, "try")
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.count('"title"') == 12


def test_its_password_opens_and_a_second_start_adds_nothing(demo: Program) -> None:
    first = tasks(demo)
    assert demo.stop() == 0
    demo.start()
    email, password = re.split(", password ", said(demo, "demo"))
    account = {"email": email, "password": password}
    assert httpx.post(f"{demo.url}/api/auth/login", json=account).status_code == 200
    assert tasks(demo) == first


def test_it_is_for_the_embedded_database_only(tmp_path: Path) -> None:
    ended = Program(tmp_path, {}, "--demo").launch().ended()
    assert ended.code == 2
    assert "--embedded --demo" in ended.stderr
