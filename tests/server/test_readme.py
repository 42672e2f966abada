"""README is true: its session answers as printed, and its plugin works as it stands."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

import httpx

from core.settings import Settings
from tests.support.program import Program
from tests.support.sql import new_database
from tests.support.users import User, new_email

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CHANCE = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "ID",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z": "TIME",
    r'"token":"[^"]*"': '"token":"…"',
}


def block(name: str) -> str:
    """What stands between README's markers of this name, without the fence."""
    pattern = rf"<!-- {name}:begin -->\n```\w+\n(.*?)```\n<!-- {name}:end -->"
    found = re.search(pattern, README, re.DOTALL)
    assert found, f"README has no block {name}"
    return found[1]


def without_chance(text: str) -> str:
    for pattern, constant in CHANCE.items():
        text = re.sub(pattern, constant, text)
    return text


def test_the_session_answers_what_readme_says(start: Callable[..., Program], postgres: str) -> None:
    script = block("session")
    expected = re.findall(r"^# (.+)$", script, re.MULTILINE)
    service = start(new_database(postgres))
    script = re.sub(
        r"^# .+$", "echo", script.replace("http://127.0.0.1:8000", service.url), flags=re.MULTILINE
    )
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    answers = list(filter(None, done.stdout.splitlines()))
    assert len(expected) >= 6
    assert [*map(without_chance, answers)] == [*map(without_chance, expected)]


def test_the_plugin_works_as_it_stands(
    start: Callable[..., Program], database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "guests").mkdir()
    (tmp_path / "guests" / "progress.py").write_text(block("plugin"))
    plugins = re.search(r"PLUGINS=(\S+) make run", README)
    assert plugins
    guest = start(database_url, PLUGINS=plugins[1], PYTHONPATH=str(tmp_path))
    with httpx.Client(base_url=guest.url) as http:
        user = User(http, str(uuid4()), new_email())
        tasks = [user.add(title) for title in ("one", "two", "three")]
        user.put(f"/api/tasks/{tasks[0]['id']}", json={"completed": True})
        assert user.get("/api/progress").json() == {"tasks": 3, "done": 1}
        assert http.get("/api/progress").status_code == 401
        path = http.get("/openapi.json").json()["paths"]["/api/progress"]
        assert path["get"]["operationId"] == "getProgress"


def test_every_setting_is_in_the_table() -> None:
    rows = [line for line in README.splitlines() if line.startswith("|")]
    for field in fields(Settings):
        assert any(f"`{field.name.upper()}`" in row for row in rows), field.name


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)(?:\S+ )?make (\w+)", README, re.MULTILINE))
    assert {"run", "test"} <= named <= targets
