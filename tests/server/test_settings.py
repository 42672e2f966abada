"""What the settings do when they are right."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import jwt
import pytest

from tests.conftest import FRONTEND, settings_for
from tests.support import expect
from tests.support.program import Program, eventually, free_port, is_warning
from tests.support.proxy import Proxy
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer, claims, forge
from tests.support.users import new_email


def test_a_database_that_is_late_is_waited_for(
    tmp_path: Path, postgres: str, postgres_port: int
) -> None:
    proxy = Proxy(postgres_port, opened=False)
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = Program(tmp_path, settings_for(url)).launch()
    try:
        time.sleep(1.5)
        assert program.running()
        proxy.open()
        assert eventually(program.healthy)
        assert httpx.get(f"{program.url}/health/ready").status_code == 200
    finally:
        program.stop()
        proxy.close()


@pytest.mark.parametrize(
    ("scheme", "parameters"),
    [
        ("postgres", ""),
        ("postgresql+asyncpg", ""),
        ("postgresql", "sslmode=prefer&channel_binding=prefer&connect_timeout=5"),
        ("postgres", "sslmode=disable&application_name=todo&options=-c%20work_mem%3D5MB"),
    ],
)
def test_urls_work_as_providers_hand_them_out(
    start: Callable[..., Program], database_url: str, scheme: str, parameters: str
) -> None:
    url = database_url.replace("postgresql", scheme, 1) + (parameters and f"?{parameters}")
    program = start(url)
    assert httpx.get(f"{program.url}/health/ready").status_code == 200
    assert program.stop() in {0, -signal.SIGTERM, 128 + signal.SIGTERM}


SHORT_SECRET = "schlüssel"


@pytest.fixture(scope="module")
def modest(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Program]:
    """A service that is set up by a file, but for one variable and its arguments."""
    directory = tmp_path_factory.mktemp("modest")
    port = free_port()
    settings = settings_for(database_url) | {
        "BETTER_AUTH_SECRET": SHORT_SECRET,
        "JWT_EXPIRATION_HOURS": "0.5",
        "MAX_BODY_BYTES": "200",
        "PORT": "1",
    }
    lines = ["# for development", *(f"{name}={value}" for name, value in settings.items())]
    (directory / ".env").write_text("\n".join(lines) + "\n")
    program = Program(directory, {"MAX_BODY_BYTES": "300"}, "--port", str(port))
    program.port = port
    with program:
        yield program


def test_a_file_sets_what_the_environment_does_not(modest: Program) -> None:
    response = httpx.get(f"{modest.url}/health", headers={"Origin": FRONTEND})
    assert response.headers["access-control-allow-origin"] == FRONTEND


def test_the_environment_wins_over_the_file(modest: Program) -> None:
    path = f"{modest.url}/api/auth/login"
    assert httpx.post(path, content=b"{}".ljust(300)).status_code == 400
    expect.error(httpx.post(path, content=b"{}".ljust(301)), 413)


def test_a_secret_is_the_utf_8_bytes_of_its_text(modest: Program) -> None:
    good = forge(claims(str(uuid4())), secret=SHORT_SECRET)
    assert httpx.get(f"{modest.url}/api/tasks", headers=bearer(good)).status_code == 200
    other = forge(claims(str(uuid4())), secret=SHORT_SECRET.replace("ü", "u"))
    expect.unauthorized(httpx.get(f"{modest.url}/api/tasks", headers=bearer(other)))


def test_a_short_secret_is_warned_of_but_not_told(modest: Program) -> None:
    warnings = [record for record in modest.records("BETTER_AUTH_SECRET") if is_warning(record)]
    assert len(warnings) == 1
    assert "32" in str(warnings[0])
    output = modest.output()
    assert SHORT_SECRET not in output
    assert SHORT_SECRET.encode("ascii", "backslashreplace").decode() not in output


def test_a_long_secret_is_not_warned_of(service: Program) -> None:
    assert service.records("BETTER_AUTH_SECRET") == []


def test_tokens_are_valid_for_a_fraction_of_hours(modest: Program) -> None:
    body = {"email": new_email(), "password": "correct horse"}
    token = httpx.post(f"{modest.url}/api/auth/signup", json=body).json()["token"]
    content = jwt.decode(token, options={"verify_signature": False})
    assert content["exp"] - content["iat"] == 1800


def test_several_workers_serve_one_port_and_end_together(
    start: Callable[..., Program], database_url: str
) -> None:
    program = start(database_url, "--workers", "2")
    headers = bearer(forge(claims(str(uuid4()))))
    for _ in range(20):
        response = httpx.get(f"{program.url}/api/tasks", headers=headers)
        assert response.json() == {"tasks": []}
    program.stop()
    assert not program.healthy()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", program.port))


@pytest.mark.parametrize("workers", [1, 2])
def test_there_are_never_more_connections_than_set(
    start: Callable[..., Program], postgres: str, workers: int
) -> None:
    url = new_database(postgres)
    program = start(url, "--workers", str(workers), DB_POOL_SIZE="4")
    backends = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    headers = bearer(forge(claims(str(uuid4()))))

    def ask(_: int) -> int:
        path = f"/api/tasks/{uuid4()}"  # lists would share connections
        return httpx.get(f"{program.url}{path}", headers=headers).status_code

    with Sql(url) as sql, Sql(url) as locker, ThreadPoolExecutor(16) as runners:
        with locker.locked("tasks"):
            answers = runners.map(ask, range(16))
            eventually(lambda: sql.value(backends) > 4, seconds=1)
            most = sql.value(backends) - 1  # the locker is one of them
        assert list(answers) == [404] * 16
    assert 4 // workers <= most <= 4
    program.stop()


def test_plugins_that_are_not_named_are_not_there(
    start: Callable[..., Program], database_url: str
) -> None:
    program = start(database_url, PLUGINS="health,tasks")
    assert httpx.get(f"{program.url}/health").status_code == 200
    expect.unauthorized(httpx.get(f"{program.url}/api/tasks"))
    expect.error(httpx.post(f"{program.url}/api/auth/login", json={}), 404)


def test_a_quiet_log_level_is_quiet(start: Callable[..., Program], database_url: str) -> None:
    program = start(database_url, LOG_LEVEL="error")
    response = httpx.get(f"{program.url}/api/tasks", headers=bearer(forge(claims(""))))
    assert response.status_code == 401
    program.stop()
    assert program.records() == []
