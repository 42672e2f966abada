"""TLS to the database: what each sslmode accepts, against a self-signed certificate."""

import os
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from core.database import dsn
from core.database.connector import Connector
from embedded import Postgres
from embedded.account import account_for
from tests.conftest import settings_for
from tests.support.postgres import system_binaries
from tests.support.program import Program, free_port
from tests.support.routes import use_every_route
from tests.support.sql import Sql, new_database

SELF_SIGN = (
    "openssl req -new -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    " -out server.crt -keyout server.key"
)
ENCRYPTED = """
    SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
    WHERE application_name = 'todo' AND datname = current_database()"""
REFUSED = (ssl.SSLCertVerificationError, ConnectionError)
# Host and parameters, and whether a connection is encrypted; None where it is refused.
MODES = {
    "127.0.0.1?sslmode=disable": False,
    "127.0.0.1?sslmode=allow": False,
    "127.0.0.1?sslmode=prefer": True,
    "127.0.0.1?sslmode=require": True,
    "localhost?sslmode=verify-ca": None,
    "localhost?sslmode=verify-full": None,
    "localhost?sslmode=verify-ca&sslrootcert={certificate}": True,
    "127.0.0.1?sslmode=verify-ca&sslrootcert={certificate}": True,
    "localhost?sslmode=verify-full&sslrootcert={certificate}": True,
    "127.0.0.1?sslmode=verify-full&sslrootcert={certificate}": None,
}
ACCEPTED_HOST, OTHER_HOST = list(MODES)[-2:]
Url = Callable[[str], str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(open_directory: Path) -> Iterator[Url]:
    """The URL of a database with TLS, for a host and parameters."""
    subprocess.run(SELF_SIGN.split(), cwd=open_directory, check=True, capture_output=True)
    certificate, key = open_directory / "server.crt", open_directory / "server.key"
    key.chmod(0o600)
    account = account_for(None)
    if account.uid is not None and account.gid is not None:
        os.chown(key, account.uid, account.gid)
    settings = {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
    with Postgres(
        open_directory / "tls",
        binaries=system_binaries(),
        durable=False,
        port=free_port(),
        settings=settings,
    ) as server:
        base = new_database(server.url)

        def build(mode: str) -> str:
            host, query = mode.format(certificate=certificate).split("?")
            return f"{base.replace('127.0.0.1', host)}?{query}"

        yield build


@pytest.mark.anyio
@pytest.mark.parametrize(("mode", "expected"), MODES.items(), ids=MODES)
async def test_ssl_mode(url: Url, mode: str, *, expected: bool | None) -> None:
    connector = Connector(dsn.parse(url(mode)))
    if expected is None:
        with pytest.raises(REFUSED):
            await connector.open(5)
    else:
        connection = await connector.open(5)
        assert await connection.fetchval(ENCRYPTED) is expected
        await connection.close()


def test_service_encrypts_all_connections(start: Callable[..., Program], url: Url) -> None:
    service = start(url(ACCEPTED_HOST))
    with httpx.Client(base_url=service.url) as http, Sql(url("127.0.0.1?sslmode=require")) as sql:
        use_every_route(http)
        assert sql.value(ENCRYPTED) is True
    assert service.stop() == 0


def test_certificate_of_another_host_ends_the_start(tmp_path: Path, url: Url) -> None:
    ended = Program(tmp_path, settings_for(url(OTHER_HOST))).launch().ended()
    assert ended.code == 3
    assert re.fullmatch(r"error: .*127\.0\.0\.1:\d+.*certificate.*\n", ended.stderr)
    assert "Traceback" not in ended.stdout
