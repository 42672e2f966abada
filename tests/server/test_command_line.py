"""The command line, and how a start fails: one line for each fault, and an exit code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from core import __version__
from core.settings import Settings
from server import cli
from tests.conftest import settings_for
from tests.server.test_settings import LOGIN, PASSWORD, WRONG
from tests.support.markdown import ROOT
from tests.support.program import Ended, Program
from tests.support.speed import slowness
from tests.support.tokens import SECRET

OPTIONS = ("--host", "--port", "--workers", "--embedded", "--demo", "--reload", "--version")
USAGE = {
    "--nonsense": (2, "--nonsense"),
    "--demo": (2, "--demo needs --embedded"),
    "--version": (0, __version__),
    **{
        f"--help: {name}": (0, f"  {name} ")
        for name in (*OPTIONS, "schema", "dump", *map(str.upper, Settings.model_fields))
    },
}


@pytest.mark.parametrize(("arguments", "expected"), USAGE.items(), ids=USAGE)
def test_usage(arguments: str, expected: tuple[int, str]) -> None:
    result = CliRunner().invoke(cli.main, [arguments.partition(":")[0]])
    assert result.exit_code == expected[0]
    assert expected[1] in result.output


def fail_to_start(directory: Path, settings: dict[str, str], *arguments: str) -> Ended:
    ended = Program(directory, settings, *arguments).launch().ended()
    assert ended.code == 2
    output = ended.stdout + ended.stderr
    assert [word for word in ("Traceback", PASSWORD, SECRET) if word in output] == []
    return ended


def fail_in_every_setting(directory: Path) -> Ended:
    """Start with a fault in every setting, three of them in options."""
    settings = {name: values[-1] for name, values in WRONG.items()} | {"PORT": "0"}
    options = ("--host", settings.pop("HOST"), "--port", "http", "--workers", "0")
    return fail_to_start(directory, settings, *options)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    ended = fail_in_every_setting(tmp_path)
    names = [line.split(": ")[:2] for line in ended.stderr.splitlines()]
    assert sorted(names) == [["error", name] for name in sorted(WRONG)]


@pytest.mark.slow  # other tests at the same time would make it late
def test_faults_are_reported_within_a_second(tmp_path: Path) -> None:
    assert min(fail_in_every_setting(tmp_path).seconds for _ in range(3)) < slowness()


def test_module_without_a_plugin_is_reported_once(tmp_path: Path) -> None:
    settings = settings_for(f"{LOGIN}:9/todo") | {"PLUGINS": "json.decoder"}
    ended = fail_to_start(tmp_path, settings, "--workers", "2")
    assert re.fullmatch("error: PLUGINS: json.decoder: .*\n", ended.stderr)


def test_schema_is_printed_unchanged_and_needs_no_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=nonsense\n")
    ended = Program(tmp_path, {}, "schema").launch().ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "stdout").read_bytes() == (ROOT / "schema.sql").read_bytes()


def test_schema_that_cannot_be_written_fails() -> None:
    command = [sys.executable, ROOT / "service.py", "schema"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the schema: No space left on device\n"
