"""TLS to the database: what each sslmode accepts, against a self-signed certificate."""

import asyncio
import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from core.database import dsn
from core.database.connector import Connector
from embedded import Postgres, find_binaries
from embedded.account import account_for
from tests.conftest import settings_for
from tests.support.program import Program, free_port
from tests.support.routes import use_every_route
from tests.support.sql import Sql, new_database

SELF_SIGNED = ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
NAMES = ["-addext", "subjectAltName=DNS:localhost"]
ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
ALL_ENCRYPTED = """
    SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'todo' AND datname = current_database()"""
VERIFY_FULL = "sslmode=verify-full&sslrootcert={certificate}"
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
    ("localhost", VERIFY_FULL, True),
    ("127.0.0.1", VERIFY_FULL, None),
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
def server(open_directory: Path, certificate: Path) -> Iterator[str]:
    """The URL of a new database on a PostgreSQL that offers TLS."""
    settings = {
        "ssl": "on",
        "ssl_cert_file": str(certificate),
        "ssl_key_file": str(certificate.with_suffix(".key")),
    }
    with Postgres(
        open_directory / "tls",
        binaries=find_binaries(tests=True),
        durable=False,
        port=free_port(),
        settings=settings,
    ) as server:
        yield new_database(server.url)


def is_encrypted(url: str) -> bool:
    """Whether a connection by this URL is encrypted; raises where it is refused."""

    async def ask() -> bool:
        connection = await Connector(dsn.parse(url)).open(5)
        try:
            return bool(await connection.fetchval(ENCRYPTED))
        finally:
            await connection.close()

    return asyncio.run(ask())


def url_of(server: str, host: str, parameters: str, certificate: Path) -> str:
    query = parameters.format(certificate=certificate)
    return f"{server.replace('127.0.0.1', host)}?{query}"


@pytest.mark.parametrize(("host", "parameters", "expected"), MODES)
def test_ssl_mode(
    server: str, certificate: Path, host: str, parameters: str, *, expected: bool | None
) -> None:
    url = url_of(server, host, parameters, certificate)
    if expected is None:
        with pytest.raises((ssl.SSLCertVerificationError, ConnectionError)):
            is_encrypted(url)
    else:
        assert is_encrypted(url) is expected


def test_all_connections_of_the_service_are_encrypted(
    start: Callable[..., Program], server: str, certificate: Path
) -> None:
    service = start(url_of(server, "localhost", VERIFY_FULL, certificate))
    with httpx.Client(base_url=service.url) as http, Sql(server) as sql:
        use_every_route(http)
        assert sql.value(ALL_ENCRYPTED) is True
    assert service.stop() == 0


def test_service_does_not_start_with_a_certificate_of_another_host(
    tmp_path: Path, server: str, certificate: Path
) -> None:
    url = url_of(server, "127.0.0.1", VERIFY_FULL, certificate)
    ended = Program(tmp_path, settings_for(url)).launch().ended()
    assert ended.code == 3
    port = urlsplit(server).port
    assert re.fullmatch(rf"error: .*127\.0\.0\.1:{port}.*certificate.*\n", ended.stderr)
    assert "Traceback" not in ended.stdout
