"""TLS to the database: what each sslmode accepts, against a self-signed certificate."""

import asyncio
import os
import shutil
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
ENCRYPTED = """
    SELECT count(*), bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'todo' AND datname = current_database()"""
REFUSED = (ssl.SSLCertVerificationError, ConnectionError)


@pytest.fixture(scope="module")
def certificate(open_directory: Path) -> Path:
    """A certificate for the host name `localhost`, signed by nobody but itself."""
    certificate, key = open_directory / "server.crt", open_directory / "server.key"
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*SELF_SIGNED, *NAMES, *files], check=True, capture_output=True)
    key.chmod(0o600)
    account = account_for(None)
    if os.getuid() == 0:
        shutil.chown(key, account.uid, account.gid)
    return certificate


@pytest.fixture(scope="module")
def port(open_directory: Path, certificate: Path) -> Iterator[int]:
    """The port of a PostgreSQL that offers TLS."""
    port = free_port()
    settings = {
        "ssl": "on",
        "ssl_cert_file": str(certificate),
        "ssl_key_file": str(certificate.with_suffix(".key")),
    }
    server = Postgres(
        open_directory / "tls",
        binaries=find_binaries(tests=True),
        durable=False,
        port=port,
        settings=settings,
    )
    with server:
        yield port


@pytest.fixture(scope="module")
def server(port: int) -> str:
    """The URL of a database there whose tables are still to be made."""
    return new_database(f"postgresql://todo@127.0.0.1:{port}/todo")


def encrypted(url: str) -> bool:
    """Whether a connection by this URL is encrypted; raises where there is none."""

    async def ask() -> bool:
        connection = await Connector(dsn.parse(url)).open(5)
        try:
            found = await connection.fetchval(
                "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            )
            return bool(found)
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("disable", False), ("allow", False), ("prefer", True), ("require", True)],
)
def test_modes_that_do_not_verify_connect(port: int, mode: str, *, expected: bool) -> None:
    assert encrypted(f"postgresql://todo@127.0.0.1:{port}/todo?sslmode={mode}") is expected


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_an_unknown_authority_is_refused(port: int, mode: str) -> None:
    with pytest.raises(REFUSED):
        encrypted(f"postgresql://todo@localhost:{port}/todo?sslmode={mode}")


@pytest.mark.parametrize(
    ("mode", "host", "accepted"),
    [
        ("verify-ca", "localhost", True),
        ("verify-ca", "127.0.0.1", True),
        ("verify-full", "localhost", True),
        ("verify-full", "127.0.0.1", False),
    ],
)
def test_a_known_authority_is_accepted_for_its_host(
    port: int, certificate: Path, mode: str, host: str, *, accepted: bool
) -> None:
    url = f"postgresql://todo@{host}:{port}/todo?sslmode={mode}&sslrootcert={certificate}"
    if accepted:
        assert encrypted(url)
    else:
        with pytest.raises(REFUSED):
            encrypted(url)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_the_service_speaks_tls_on_all_its_connections(
    start: Callable[..., Program], server: str, certificate: Path, mode: str
) -> None:
    query = f"?sslmode={mode}" + (f"&sslrootcert={certificate}" if mode == "verify-full" else "")
    service = start(server.replace("127.0.0.1", "localhost") + query)
    with httpx.Client(base_url=service.url) as http, Sql(server) as sql:
        user = User(http, str(uuid4()), new_email())
        task = user.add("Buy milk")
        assert user.tasks() == [task]
        assert http.get("/health/ready").status_code == 200
        (found,) = sql.rows(ENCRYPTED)
        assert found["count"] > 0
        assert found["bool_and"]
    assert service.stop() == 0


def test_the_service_does_not_start_on_a_server_of_another_name(
    tmp_path: Path, server: str, port: int, certificate: Path
) -> None:
    url = f"{server}?sslmode=verify-full&sslrootcert={certificate}"
    ended = Program(tmp_path, settings_for(url)).launch().ended()
    assert ended.code == 3
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert "127.0.0.1" in line
    assert str(port) in line
    assert "certificate" in line
    assert "Traceback" not in ended.stdout
