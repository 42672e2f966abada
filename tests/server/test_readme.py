"""What the documentation says is true: its session with curl, its settings, its commands."""

import re
import subprocess
from collections.abc import Callable

from core.settings import Settings
from tests.support.markdown import ROOT, block, rows
from tests.support.program import Program
from tests.support.sql import new_database

DIFFERENT_EACH_TIME = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "ID",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z": "TIME",
    r'"token":"[^"]*"': '"token":"…"',
}


def normalize(text: str) -> str:
    for pattern, constant in DIFFERENT_EACH_TIME.items():
        text = re.sub(pattern, constant, text)
    return text


def test_session_prints_what_readme_shows(start: Callable[..., Program], postgres: str) -> None:
    script = block("README.md", "session")
    expected = re.findall(r"^# (.+)$", script, re.MULTILINE)
    service = start(new_database(postgres))
    script = script.replace("http://127.0.0.1:8000", service.url)
    script = re.sub(r"^# .+$", "echo", script, flags=re.MULTILINE)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    service.kill()
    printed = list(filter(None, done.stdout.splitlines()))
    assert len(expected) >= 6
    assert [*map(normalize, printed)] == [*map(normalize, expected)]


def test_table_of_settings_is_complete() -> None:
    table = {name for row in rows("README.md") for name in re.findall(r"`([A-Z_]+)`", row[0])}
    assert table == {name.upper() for name in Settings.model_fields}


def test_every_make_target_of_the_documentation_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    files = [ROOT / "README.md", *ROOT.glob("CONTRIBUTING.md"), *ROOT.glob("docs/*.md")]
    text = "\n".join(file.read_text() for file in files)
    commands = r"(?:`(?:[A-Z]+=\S+ )?make ([\w-]+)[^`\n]*`|^make ([\w-]+) *(?:#|$))"
    named = {name for found in re.findall(commands, text, re.MULTILINE) for name in found if name}
    assert {"run", "test"} <= named <= targets
