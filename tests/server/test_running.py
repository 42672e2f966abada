"""What a running service does with its settings, alone and with several workers."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import jwt
import pytest

from tests.conftest import FRONTEND, settings_for
from tests.support import expect
from tests.support.program import Program, eventually, free_port, is_warning
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer, claims, forge
from tests.support.users import new_email

SHORT_SECRET = "schlüssel"
BACKENDS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'todo'"""


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Program]:
    """A service with settings in `.env`, in the environment, and as options."""
    directory = tmp_path_factory.mktemp("configured")
    settings = settings_for(database_url) | {
        "BETTER_AUTH_SECRET": SHORT_SECRET,
        "JWT_EXPIRATION_HOURS": "0.5",
        "MAX_BODY_BYTES": "200",
        "PORT": "1",
    }
    lines = ["# for development", *(f"{name}={value}" for name, value in settings.items())]
    (directory / ".env").write_text("\n".join(lines) + "\n")
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", str(port))
    environment = {"MAX_BODY_BYTES": "300", "HOST": "192.0.2.1"}
    program = Program(directory, environment, *options)
    program.port = port
    yield program.start()
    program.kill()


def test_options_win_over_the_environment_and_that_over_the_file(configured: Program) -> None:
    with httpx.Client(base_url=configured.url, headers={"Origin": FRONTEND}) as http:
        accepted = http.post("/api/auth/login", content=b"{}".ljust(300))
        assert accepted.status_code == 400
        assert accepted.headers["access-control-allow-origin"] == FRONTEND
        expect.error(http.post("/api/auth/login", content=b"{}".ljust(301)), 413)


def test_secret_is_used_as_utf_8(configured: Program) -> None:
    for secret, status in ((SHORT_SECRET, 200), (SHORT_SECRET.replace("ü", "u"), 401)):
        headers = bearer(forge(claims(str(uuid4())), secret=secret))
        response = httpx.get(f"{configured.url}/api/tasks", headers=headers)
        assert response.status_code == status


def test_short_secret_is_a_warning_without_the_secret(
    configured: Program, service: Program
) -> None:
    (warning,) = filter(is_warning, configured.records("BETTER_AUTH_SECRET"))
    assert "32" in str(warning)
    escaped = SHORT_SECRET.encode("ascii", "backslashreplace").decode()
    assert [secret for secret in (SHORT_SECRET, escaped) if secret in configured.output()] == []
    assert service.records("BETTER_AUTH_SECRET") == []


def test_tokens_are_valid_for_a_fraction_of_an_hour(configured: Program) -> None:
    account = {"email": new_email(), "password": "correct horse"}
    token = httpx.post(f"{configured.url}/api/auth/signup", json=account).json()["token"]
    content = jwt.decode(token, options={"verify_signature": False})
    assert content["exp"] - content["iat"] == 1800


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_workers_share_one_port_and_the_database_connections(
    start: Callable[..., Program], postgres: str, workers: int
) -> None:
    url = new_database(postgres)
    program = start(url, "--workers", str(workers), DB_POOL_SIZE="4")
    headers = bearer(forge(claims(str(uuid4()))))

    def get_task(_: int) -> int:
        path = f"/api/tasks/{uuid4()}"  # lists would share connections
        return httpx.get(f"{program.url}{path}", headers=headers).status_code

    with Sql(url) as sql, Sql(url) as locker, ThreadPoolExecutor(16) as threads:
        with locker.locked("tasks"):
            statuses = threads.map(get_task, range(16))
            eventually(lambda: sql.value(BACKENDS) > 4, seconds=1)
            most = sql.value(BACKENDS)
        assert list(statuses) == [404] * 16
    assert 4 // workers <= most <= 4
    assert program.stop() == 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", program.port))


@pytest.mark.slow
def test_reload_serves(start: Callable[..., Program], database_url: str) -> None:
    program = start(database_url, "--reload")
    assert program.healthy()
    program.kill()
