"""The state of the application is typed: a misspelled name fails `make lint`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLER = """
from starlette.requests import Request

from core.state import app_state


async def handler(request: Request) -> None:
    await app_state(request).{name}.ping(1.0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "status"), [("database", 0), ("databse", 1)])
def test_mypy_finds_a_misspelled_attribute(tmp_path: Path, name: str, status: int) -> None:
    file = tmp_path / "plugin_under_test.py"
    file.write_text(HANDLER.format(name=name))
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", file]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    assert result.returncode == status, result.stdout
    assert ('"AppState" has no attribute "databse"' in result.stdout) == bool(status)
