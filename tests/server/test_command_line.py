"""The command line, and how a start fails: one line for each fault, and an exit code."""

import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from core import __version__
from core.settings import Settings
from server import cli, run
from tests.conftest import settings_for
from tests.server.test_settings import LOGIN, PASSWORD, WRONG
from tests.support.program import Ended, Program, eventually, free_port
from tests.support.proxy import Proxy
from tests.support.sql import new_database
from tests.support.tokens import SECRET

ROOT = Path(__file__).parents[2]
USAGE = {
    "--nonsense": (2, "--nonsense"),
    "--demo": (2, "--demo needs --embedded"),
    "--version": (0, __version__),
}
ADDRESS_IN_USE = "error: cannot listen on 127.0.0.1 port {}: Address already in use"


def start_and_fail(directory: Path, settings: dict[str, str], *arguments: str) -> Ended:
    ended = Program(directory, settings, *arguments).launch().ended()
    output = ended.stdout + ended.stderr
    assert [word for word in ("Traceback", PASSWORD, SECRET) if word in output] == []
    return ended


def start_with_faults(directory: Path) -> Ended:
    """Start with a fault in every setting, three of them in options."""
    settings = {name: values[-1] for name, values in WRONG.items()} | {"PORT": "0"}
    options = ("--host", settings.pop("HOST"), "--port", "http", "--workers", "0")
    return start_and_fail(directory, settings, *options)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    ended = start_with_faults(tmp_path)
    assert ended.code == 2
    names = [line.split(": ")[:2] for line in ended.stderr.splitlines()]
    assert sorted(names) == [["error", name] for name in sorted(WRONG)]


@pytest.mark.slow  # other tests at the same time would make it late
def test_faults_are_reported_within_a_second(tmp_path: Path) -> None:
    assert min(start_with_faults(tmp_path).seconds for _ in range(3)) < 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_address_in_use_is_one_line(tmp_path: Path, database_url: str, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = settings_for(database_url) | {"PORT": str(port)}
        ended = start_and_fail(tmp_path, settings, "--workers", workers)
    assert ended.code == 1
    assert ended.stderr.splitlines() == [ADDRESS_IN_USE.format(port)]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_one_of_two_starts_at_once_on_one_port_fails(
    tmp_path: Path, database_url: str, workers: str
) -> None:
    settings = settings_for(database_url) | {"WEB_CONCURRENCY": workers}
    programs = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        programs.append(Program(tmp_path / name, settings).launch())
    try:
        assert eventually(lambda: not all(each.running() for each in programs), 10)
        (loser,) = (each for each in programs if not each.running())
        (winner,) = (each for each in programs if each.running())
        assert eventually(winner.healthy, 10)
        ended = loser.ended()
    finally:
        for program in programs:
            program.kill()
    assert ended.code == 1
    assert ended.stderr.splitlines() == [ADDRESS_IN_USE.format(winner.port)]
    assert "listening" not in ended.stdout


def test_listen_can_fail_after_bind(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        def listen_after_bind(_: object, event: str, function: object) -> None:
            if event == "c_return" and getattr(function, "__name__", "") == "bind":
                other.listen()

        sys.setprofile(listen_after_bind)
        try:
            with pytest.raises(SystemExit) as ended:
                run.listen("127.0.0.1", port)
        finally:
            sys.setprofile(None)
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [ADDRESS_IN_USE.format(port)]


def test_address_of_another_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.listen("192.0.2.1", 0)  # RFC 5737: no machine has it
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: HOST: cannot listen on 192.0.2.1 port 0: ")


def test_plugin_that_is_none_ends_the_start_once(tmp_path: Path) -> None:
    settings = settings_for(f"{LOGIN}:9/todo") | {"PLUGINS": "json.decoder"}
    ended = start_and_fail(tmp_path, settings, "--workers", "2")
    assert ended.code == 2
    assert re.fullmatch("error: PLUGINS: json.decoder: .*\n", ended.stderr)


def test_database_is_awaited_for_five_seconds(
    tmp_path: Path, postgres: str, postgres_port: int
) -> None:
    """Three starts at once: the database refuses connections, never responds, or is late."""
    proxy = Proxy(postgres_port, opened=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {"refusing": free_port(), "silent": silent.getsockname()[1], "late": proxy.port}
        programs = {}
        for name, port in ports.items():
            (tmp_path / name).mkdir()
            url = new_database(postgres).replace(f":{postgres_port}/", f":{port}/")
            settings = settings_for(url.replace("//todo@", f"//todo:{PASSWORD}@"))
            programs[name] = Program(tmp_path / name, settings).launch()
        try:
            time.sleep(2)
            assert all(program.running() for program in programs.values())
            proxy.open()
            assert eventually(programs["late"].healthy)
            assert httpx.get(f"{programs['late'].url}/health/ready").status_code == 200
            for name in ("refusing", "silent"):
                ended = programs[name].ended()
                assert ended.code == 3
                assert 4.5 < ended.seconds < 9
                assert re.fullmatch(rf"error: .*127\.0\.0\.1:{ports[name]}.*\n", ended.stderr)
                assert not {"Traceback", PASSWORD} & set(re.findall(r"\w+", ended.stderr))
        finally:
            for program in programs.values():
                program.kill()
            proxy.close()


@pytest.mark.parametrize(("option", "expected"), USAGE.items(), ids=USAGE)
def test_usage(option: str, expected: tuple[int, str]) -> None:
    result = CliRunner().invoke(cli.main, [option])
    assert result.exit_code == expected[0]
    assert expected[1] in result.output


def test_help_names_every_setting_option_and_command() -> None:
    result = CliRunner().invoke(cli.main, ["--help"])
    assert result.exit_code == 0
    options = ("--host", "--port", "--workers", "--embedded", "--demo", "--reload", "--version")
    names = (*options, "schema", "dump", *map(str.upper, Settings.model_fields))
    assert [name for name in names if f"  {name} " not in result.output] == []


def test_schema_is_printed_unchanged_and_needs_no_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=nonsense\n")
    ended = Program(tmp_path, {}, "schema").launch().ended()
    assert (ended.code, ended.stderr) == (0, "")
    assert (tmp_path / "stdout").read_bytes() == (ROOT / "schema.sql").read_bytes()


def test_schema_that_cannot_be_written_fails(tmp_path: Path) -> None:
    command = f"{shlex.join([sys.executable, str(ROOT / 'service.py')])} schema >/dev/full"
    done = subprocess.run(command, shell=True, cwd=tmp_path, stderr=subprocess.PIPE, check=False)  # noqa: S602
    assert done.returncode == 1
    assert done.stderr == b"error: cannot write the schema: No space left on device\n"
