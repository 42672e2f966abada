"""The start: one program a port, and five seconds of patience with the database."""

import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from server import run
from tests.conftest import settings_for
from tests.support.program import Program, eventually, free_port
from tests.support.proxy import Proxy
from tests.support.speed import slowness
from tests.support.sql import new_database

PASSWORD = "hunter2hunter2"
WORKERS = ["1", pytest.param("2", marks=pytest.mark.slow)]
ADDRESS_IN_USE = "error: cannot listen on 127.0.0.1 port {}: Address already in use"


def launch(parent: Path, name: str, settings: dict[str, str]) -> Program:
    (parent / name).mkdir()
    return Program(parent / name, settings).launch()


@pytest.mark.parametrize("workers", WORKERS)
def test_address_in_use_is_one_line(tmp_path: Path, database_url: str, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = settings_for(database_url) | {"PORT": str(port), "WEB_CONCURRENCY": workers}
        ended = launch(tmp_path, "program", settings).ended()
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [ADDRESS_IN_USE.format(port)]


@pytest.mark.parametrize("attempt", range(2))
@pytest.mark.parametrize("workers", WORKERS)
def test_one_of_two_starts_at_once_on_one_port_fails(
    tmp_path: Path, database_url: str, workers: str, attempt: int
) -> None:
    settings = settings_for(database_url) | {"WEB_CONCURRENCY": workers}
    programs = [launch(tmp_path, name, settings) for name in ("first", "second")]
    try:
        assert eventually(lambda: not all(each.running() for each in programs), 10)
        winner, loser = sorted(programs, key=lambda program: not program.running())
        assert eventually(winner.healthy, 10)
        ended = loser.ended()
    finally:
        for program in programs:
            program.kill()
    assert ended.code == 1
    assert ended.stderr.splitlines() == [ADDRESS_IN_USE.format(winner.port)]
    assert "listening" not in ended.stdout


def test_address_that_another_program_listens_on_after_bind_is_in_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
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


def test_database_is_awaited_for_five_seconds(
    tmp_path: Path, postgres: str, postgres_port: int
) -> None:
    """One database refuses connections, one never responds, one is late."""
    proxy, silent = Proxy(postgres_port, opened=False), socket.create_server(("127.0.0.1", 0))
    ports = {"refusing": free_port(), "silent": silent.getsockname()[1], "late": proxy.port}
    programs = {}
    try:
        for name, port in ports.items():
            url = new_database(postgres).replace(f":{postgres_port}/", f":{port}/")
            settings = settings_for(url.replace("//todo@", f"//todo:{PASSWORD}@"))
            programs[name] = launch(tmp_path, name, settings)
            time.sleep(1)
        assert all(program.running() for program in programs.values())
        proxy.open()
        late = programs["late"]
        assert eventually(late.healthy)
        assert httpx.get(f"{late.url}/health/ready").status_code == 200
        with ThreadPoolExecutor() as threads:
            names = ("refusing", "silent")
            ends = threads.map(lambda name: programs[name].ended(), names)
            for name, ended in zip(names, ends, strict=True):
                assert ended.code == 3
                assert 4.5 < ended.seconds < 6 + 3 * slowness()
                assert re.fullmatch(rf"error: .*127\.0\.0\.1:{ports[name]}.*\n", ended.stderr)
                assert not re.search(f"Traceback|{PASSWORD}", ended.stdout + ended.stderr)
    finally:
        for program in programs.values():
            program.kill()
        proxy.close()
        silent.close()
