"""The ways to start the service."""

import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import httpx
import pytest

from core import __version__
from core.settings import Settings
from tests.conftest import settings_for
from tests.support.program import Program, eventually

ROOT = Path(__file__).parents[2]


def test_help_names_every_setting_and_option(tmp_path: Path) -> None:
    ended = Program(tmp_path, {}, "--help").launch().ended()
    assert ended.code == 0
    for field in fields(Settings):
        assert f"  {field.name.upper()} " in ended.stdout
    for option in ("--host", "--port", "--workers", "--embedded", "--reload", "--version"):
        assert option in ended.stdout


def test_schema_is_the_file_to_the_byte(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=nonsense\n")  # it needs no settings
    ended = Program(tmp_path, {}, "schema").launch().ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "stdout").read_bytes() == (ROOT / "schema.sql").read_bytes()


def test_a_schema_that_nobody_takes_fails(tmp_path: Path) -> None:
    command = f"{shlex.join([sys.executable, str(ROOT / 'service.py')])} schema >/dev/full"
    done = subprocess.run(command, shell=True, cwd=tmp_path, stderr=subprocess.PIPE, check=False)  # noqa: S602
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the schema: No space left on device\n"


def test_version(tmp_path: Path) -> None:
    assert Program(tmp_path, {}, "--version").launch().ended().stdout.strip() == __version__


def test_arguments_win_over_the_environment(
    start: Callable[..., Program], database_url: str
) -> None:
    program = start(database_url, "--host", "127.0.0.1", "--workers", "2", HOST="192.0.2.1")
    assert program.healthy()
    assert program.stop() == 0


def test_reload_serves(start: Callable[..., Program], database_url: str) -> None:
    assert start(database_url, "--reload").healthy()


def test_uvicorn_takes_the_factory(tmp_path: Path, database_url: str) -> None:
    settings = settings_for(database_url)
    program = Program(tmp_path, settings)
    command = ["-m", "uvicorn", "--factory", "service:create_app", "--port", settings["PORT"]]
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=program.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            assert eventually(program.healthy, seconds=10)
            ready = httpx.get(f"{program.url}/health/ready")
            assert ready.json() == {"status": "healthy"}
        finally:
            process.terminate()
            process.wait(10)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_in_use_ends_the_start_with_one_line(
    tmp_path: Path, database_url: str, workers: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = settings_for(database_url) | {"PORT": str(other.getsockname()[1])}
        ended = Program(tmp_path, settings, "--workers", workers).launch().ended()
    assert ended.code == 1
    expected = f"error: cannot listen on 127.0.0.1 port {settings['PORT']}: Address already in use"
    assert ended.stderr.splitlines() == [expected]
