"""TLS at nginx, with deploy/nginx-tls.conf and a certificate that openssl makes."""

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.deploy.nginx import PROGRAM, Nginx
from tests.support import expect
from tests.support.program import Program

OPENSSL = shutil.which("openssl")
SELF_SIGNED = ["req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
NAMES = ["-addext", "subjectAltName=DNS:localhost"]
HSTS = "max-age=31536000"

pytestmark = pytest.mark.skipif(not (PROGRAM and OPENSSL), reason="needs nginx and openssl")


@pytest.fixture(scope="module")
def nginx(
    open_directory: Path, start: Callable[..., Program], database_url: str
) -> Iterator[Nginx]:
    directory = open_directory / "nginx-tls"
    directory.mkdir()
    certificate = directory / "certificate.pem"
    files = ["-out", str(certificate), "-keyout", str(certificate.with_suffix(".key"))]
    assert OPENSSL
    subprocess.run([OPENSSL, *SELF_SIGNED, *NAMES, *files], check=True, capture_output=True)
    program = start(database_url)
    with Nginx(directory, program.port, certificate=certificate) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def trusting(nginx: Nginx) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(nginx.certificate))


@pytest.fixture(scope="module")
def https(nginx: Nginx, trusting: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"https://localhost:{nginx.tls}", verify=trusting) as http:
        yield http


def test_it_is_what_nginx_takes(nginx: Nginx) -> None:
    assert nginx.errors() == ""
    assert "syntax is ok" in nginx.check().stderr


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [(200, "GET", "/health"), (401, "GET", "/api/tasks"), (401, "DELETE", "/api/tasks/x")],
)
def test_answers_come_and_tell_browsers_to_stay_with_tls(
    https: httpx.Client, status: int, method: str, path: str
) -> None:
    answer = https.request(method, path, headers={"Origin": FRONTEND})
    assert answer.status_code == status
    assert answer.headers.get_list("strict-transport-security") == [HSTS]
    assert answer.headers["access-control-allow-origin"] == FRONTEND


def test_errors_of_nginx_tell_so_too(https: httpx.Client) -> None:
    answer = https.post("/api/tasks", content=b" " * (2**20 + 1))
    expect.error(answer, 413)
    assert answer.headers.get_list("strict-transport-security") == [HSTS]


def test_plain_http_is_sent_to_tls_with_its_method(nginx: Nginx) -> None:
    for port in (nginx.port, nginx.tls):
        answer = httpx.post(f"http://localhost:{port}/api/tasks?a=b", json={})
        assert answer.status_code == 308
        assert answer.headers["location"] == "https://localhost/api/tasks?a=b"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("version", "accepted"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)],
)
def test_old_versions_of_tls_are_refused(
    nginx: Nginx, trusting: ssl.SSLContext, version: ssl.TLSVersion, *, accepted: bool
) -> None:
    context = ssl.create_default_context(cafile=str(nginx.certificate))
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    url = f"https://localhost:{nginx.tls}/health"
    if accepted:
        assert httpx.get(url, verify=context).status_code == 200
    else:
        with pytest.raises(httpx.ConnectError, match="ALERT_PROTOCOL_VERSION"):
            httpx.get(url, verify=context)
