"""TLS to the database: what each sslmode accepts, against a self-signed certificate."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from core.database import dsn
from core.database.connector import Connector
from embedded import Postgres, find_binaries
from embedded.account import account_for
from tests.conftest import settings_for
from tests.support.program import Program, free_port
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SELF_SIGNED = ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
NAMES = ["-addext", "subjectAltName=DNS:localhost"]
ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
ALL_ENCRYPTED = """
    SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'todo' AND datname = current_database()"""
REFUSED = (ssl.SSLCertVerificationError, ConnectionError)
# Host, parameters, and whether a connection is encrypted; None where it is refused.
MODES = [
    ("127.0.0.1", "sslmode=disable", False),
    ("127.0.0.1", "sslmode=allow", False),
    ("127.0.0.1", "sslmode=prefer", True),
    ("127.0.0.1", "sslmode=require", True),
    ("localhost", "sslmode=verify-ca", None),
    ("localhost", "sslmode=verify-full", None),
    ("localhost", "sslmode=verify-ca&sslrootcert={certificate}", True),
    ("127.0.0.1", "sslmode=verify-ca&sslrootcert={certificate}", True),
    ("localhost", "sslmode=verify-full&sslrootcert={certificate}", True),
    ("127.0.0.1", "sslmode=verify-full&sslrootcert={certificate}", None),
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(open_directory: Path) -> Path:
    """A self-signed certificate for the host name `localhost`."""
    certificate, key = open_directory / "server.crt", open_directory / "server.key"
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*SELF_SIGNED, *NAMES, *files], check=True, capture_output=True)
    key.chmod(0o600)
    account = account_for(None)
    if account.uid is not None and account.gid is not None:
        os.chown(key, account.uid, account.gid)
    return certificate


@pytest.fixture(scope="module")
def port(open_directory: Path, certificate: Path) -> Iterator[int]:
    """The port of a PostgreSQL that offers TLS."""
    port, key = free_port(), certificate.with_suffix(".key")
    settings = {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
    with Postgres(
        open_directory / "tls",
        binaries=find_binaries(tests=True),
        durable=False,
        port=port,
        settings=settings,
    ):
        yield port


@pytest.fixture(scope="module")
def server(port: int) -> str:
    """The URL of a database there whose tables are still to be created."""
    return new_database(f"postgresql://todo@127.0.0.1:{port}/todo")


def is_encrypted(url: str) -> bool:
    """Whether a connection by this URL is encrypted; raises where it is refused."""

    async def ask() -> bool:
        connection = await Connector(dsn.parse(url)).open(5)
        try:
            return bool(await connection.fetchval(ENCRYPTED))
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(("host", "parameters", "expected"), MODES)
def test_ssl_mode(
    port: int, certificate: Path, host: str, parameters: str, *, expected: bool | None
) -> None:
    query = parameters.format(certificate=certificate)
    url = f"postgresql://todo@{host}:{port}/todo?{query}"
    if expected is None:
        with pytest.raises(REFUSED):
            is_encrypted(url)
    else:
        assert is_encrypted(url) is expected


@pytest.mark.parametrize("parameters", ["sslmode=require", MODES[8][1]])
def test_all_connections_of_the_service_are_encrypted(
    start: Callable[..., Program], server: str, certificate: Path, parameters: str
) -> None:
    query = parameters.format(certificate=certificate)
    service = start(f"{server.replace('127.0.0.1', 'localhost')}?{query}")
    with httpx.Client(base_url=service.url) as http, Sql(server) as sql:
        user = User(http, str(uuid4()), new_email())
        task = user.add("Buy milk")
        assert user.tasks() == [task]
        assert http.get("/health/ready").status_code == 200
        assert sql.value(ALL_ENCRYPTED) is True
    assert service.stop() == 0


def test_service_does_not_start_with_a_certificate_of_another_host(
    tmp_path: Path, server: str, port: int, certificate: Path
) -> None:
    url = f"{server}?sslmode=verify-full&sslrootcert={certificate}"
    ended = Program(tmp_path, settings_for(url)).launch().ended()
    assert ended.code == 3
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert [word for word in ("127.0.0.1", str(port), "certificate") if word not in line] == []
    assert "Traceback" not in ended.stdout
