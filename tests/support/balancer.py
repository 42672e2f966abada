"""haproxy in front of several replicas, set up as a careful operator would."""

import csv
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from tests.support.program import eventually, free_port

PROGRAM = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
# What never reached a replica is tried on another; what may have, only if it is a read.
CONFIGURATION = """
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch
    retry-on conn-failure empty-response
    http-error status 502 content-type application/json string '{{"error": "haproxy"}}'
    http-error status 503 content-type application/json string '{{"error": "haproxy"}}'
    http-error status 504 content-type application/json string '{{"error": "haproxy"}}'

frontend clients
    bind 127.0.0.1:{port}
    http-request disable-l7-retry unless METH_GET
    default_backend replicas

backend replicas
    option httpchk GET /health/ready
    default-server check inter 200ms fall 2 rise 1
{servers}

frontend statistics
    bind 127.0.0.1:{statistics}
    stats enable
    stats uri /
"""


class Balancer:
    """One haproxy, for as long as this context lasts."""

    def __init__(self, directory: Path, replicas: Sequence[int]) -> None:
        self.directory = directory
        self.replicas = replicas
        self.port = free_port()
        self.statistics = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        assert PROGRAM
        servers = [f"    server r{port} 127.0.0.1:{port}" for port in self.replicas]
        settings = self.directory / "haproxy.cfg"
        settings.write_text(
            CONFIGURATION.format(
                port=self.port, statistics=self.statistics, servers="\n".join(servers)
            )
        )
        with (self.directory / "haproxy.log").open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-db", "-f", settings], stdout=log, stderr=log
            )
        if not eventually(lambda: self.up() == len(self.replicas)):
            self.__exit__()
            raise AssertionError((self.directory / "haproxy.log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def up(self) -> int:
        """How many replicas it sends requests to."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.statistics}/;csv", timeout=2)
        except httpx.TransportError:
            return 0
        rows = csv.DictReader(answer.text.removeprefix("# ").splitlines())
        return sum(row["svname"].startswith("r") and row["status"] == "UP" for row in rows)
