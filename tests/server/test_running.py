"""What a running service does with its settings, alone and with several workers."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import httpx
import jwt
import pytest

from tests.conftest import FRONTEND, settings_for
from tests.support import expect
from tests.support.program import Program, eventually, free_port, is_warning
from tests.support.sql import Sql, new_database
from tests.support.tokens import SECRET, bearer, claims, forge
from tests.support.users import new_email

SHORT_SECRET = "schlüssel"
BACKENDS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'todo'"""
PEER = "127.0.0.1"
# X-Forwarded-For; the client in the log where the peer is trusted, and where every address is.
FORWARDED = [
    ([], PEER, PEER),
    (["203.0.113.9"], "203.0.113.9", "203.0.113.9"),
    (["10.1.1.1, 203.0.113.9"], "203.0.113.9", "10.1.1.1"),
    (["198.51.100.1", "203.0.113.9"], "203.0.113.9", "198.51.100.1"),
    (["203.0.113.9, 127.0.0.1"], "203.0.113.9", "203.0.113.9"),
    (["2001:db8::7"], "2001:db8::7", "2001:db8::7"),
    (["203.0.113.9,,"], PEER, "203.0.113.9"),
]


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Program]:
    """A service with settings in `.env`, in the environment, and as options."""
    directory, port = tmp_path_factory.mktemp("configured"), free_port()
    settings = settings_for(database_url) | {
        "BETTER_AUTH_SECRET": SHORT_SECRET,
        "FORWARDED_ALLOW_IPS": "10.0.0.0/8",
        "JWT_EXPIRATION_HOURS": "0.5",
        "MAX_BODY_BYTES": "200",
        "PORT": "1",
    }
    lines = ["# for development", *(f"{name}={value}" for name, value in settings.items())]
    (directory / ".env").write_text("\n".join(lines) + "\n")
    environment = {"MAX_BODY_BYTES": "300", "HOST": "192.0.2.1"}
    program = Program(directory, environment, "--host", "127.0.0.1", "--port", str(port))
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
        assert httpx.get(f"{configured.url}/api/tasks", headers=headers).status_code == status


def test_short_secret_is_a_warning(configured: Program, service: Program) -> None:
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


def clients(program: Program, secret: str = SECRET) -> list[str]:
    """The `client` that the log has of a refused request with each of FORWARDED."""
    found = []
    for values, _, _ in FORWARDED:
        headers = [*bearer(forge(claims(""), secret=secret)).items()]  # a warning in the log
        headers += [("X-Forwarded-For", value) for value in values]
        response = httpx.get(f"{program.url}/api/tasks", headers=headers)
        expect.unauthorized(response)
        (record,) = eventually(partial(program.records, response.headers["x-request-id"]))
        found.append(record["client"])
    return found


def test_client_behind_a_trusted_proxy_is_logged(service: Program, configured: Program) -> None:
    assert clients(service) == [client for _, client, _ in FORWARDED]
    assert clients(configured, SHORT_SECRET) == [PEER] * len(FORWARDED)


@pytest.mark.slow
def test_every_proxy_can_be_trusted(start: Callable[..., Program], database_url: str) -> None:
    program = start(database_url, "--reload", FORWARDED_ALLOW_IPS="*")
    assert clients(program) == [client for _, _, client in FORWARDED]
    program.kill()


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_workers_share_one_port_and_the_database_connections(
    start: Callable[..., Program], postgres: str, workers: int
) -> None:
    url = new_database(postgres)
    program = start(url, "--workers", str(workers), DB_POOL_SIZE="4")
    headers = bearer(forge(claims(str(uuid4()))))
    with (
        Sql(url) as sql,
        Sql(url) as locker,
        ThreadPoolExecutor(16) as threads,
        httpx.Client(base_url=program.url, headers=headers) as http,
    ):
        with locker.locked("tasks"):
            paths = [f"/api/tasks/{uuid4()}" for _ in range(16)]  # lists would share connections
            responses = threads.map(http.get, paths)
            eventually(lambda: sql.value(BACKENDS) > 4, seconds=1)
            most = sql.value(BACKENDS)
        assert [response.status_code for response in responses] == [404] * 16
    assert 4 // workers <= most <= 4
    assert program.stop() == 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", program.port))
