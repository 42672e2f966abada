"""A real nginx with deploy/nginx.conf, on ports of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.conftest import FRONTEND
from tests.support.program import eventually, free_port

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
DEPLOY = Path(__file__).parents[2] / "deploy"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# What Debian's own nginx.conf is to a site.
MAIN = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 768; }}
http {{
    gzip on;
    default_type application/octet-stream;
    {temporary}
    include {directory}/site;
}}
"""
UNLIMITED = {"rate=1r/s": "rate=10000r/s", "burst=20": "burst=10000"}


class Nginx:
    """One nginx before a service, for as long as this context lasts."""

    def __init__(
        self, directory: Path, service: int, *, certificate: Path | None = None, **changes: str
    ) -> None:
        """With a certificate (its key beside it) also on `tls`; `changes` are to the text."""
        self.directory = directory
        self.service = service
        self.certificate = certificate
        self.changes = changes
        self.port, self.tls = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> None:
        """Set it up as nginx.conf says, with nothing changed that need not be."""
        paths = [f"{kind}_temp_path {self.directory}/{kind};" for kind in TEMPORARY]
        main = MAIN.format(directory=self.directory, temporary="\n    ".join(paths))
        (self.directory / "nginx.conf").write_text(main)
        ours = {
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "listen [::]:80;": f"listen [::1]:{self.port};",
            "127.0.0.1:8000": f"127.0.0.1:{self.service}",
            "API.EXAMPLE.COM": "localhost",
            "https://APP.EXAMPLE.COM": FRONTEND,
            "/var/log/nginx": str(self.directory),
        }
        site = replaced((DEPLOY / "nginx.conf").read_text(), self.changes | ours)
        (self.directory / "site").write_text(site)
        if self.certificate:
            (self.directory / "todo.d").mkdir()
            tls = {
                "listen 443 ssl;": f"listen 127.0.0.1:{self.tls} ssl;",
                "listen [::]:443 ssl;": f"listen [::1]:{self.tls} ssl;",
                "/etc/nginx/todo.d/certificate.pem": str(self.certificate),
                "/etc/nginx/todo.d/key.pem": str(self.certificate.with_suffix(".key")),
            }
            text = replaced((DEPLOY / "nginx-tls.conf").read_text(), tls)
            (self.directory / "todo.d/tls.conf").write_text(text)

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._command, "-t"], capture_output=True, text=True, check=False)

    def __enter__(self) -> Self:
        self.write()
        with (self.directory / "stderr").open("wb") as err:
            self.process = subprocess.Popen(self._command, stderr=err)
        if not eventually((self.directory / "nginx.pid").exists):
            self.__exit__()
            raise AssertionError((self.directory / "stderr").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait(10)

    def records(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [*map(json.loads, (self.directory / "todo.log").read_text().splitlines())]

    def errors(self) -> str:
        return (self.directory / "error.log").read_text()

    @property
    def _command(self) -> list[str]:
        assert PROGRAM
        return [PROGRAM, "-e", "stderr", "-c", str(self.directory / "nginx.conf")]


def replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text
