"""What a PostgreSQL server spends: CPU by its processes, and what pgbench makes of it."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.fleet.databases import binaries
from embedded import Postgres
from loadtests.processes import CannotRun

TICK = os.sysconf("SC_CLK_TCK")
SETTLE = 0.3  # seconds until the processes of gone clients are accounted for


@dataclass(frozen=True)
class Cost:
    """Of one transaction."""

    microseconds: float
    """CPU, of all processes of the server."""
    milliseconds: float
    """From the question to the answer."""


def run(server: Postgres, script: str, *, clients: int, count: int, options: str = "") -> Cost:
    """Have so many clients run a script of pgbench so often in all. Raises CannotRun."""
    before = cpu_seconds(server.pid)
    with _pgbench(server, script, clients, "-t", str(count // clients), options=options) as bench:
        said, complaints = bench.communicate()
    latency = re.search(r"latency average = ([\d.]+) ms", said)
    if bench.returncode != 0 or not latency:
        raise CannotRun(f"pgbench failed:\n{complaints}")
    time.sleep(SETTLE)
    used = cpu_seconds(server.pid) - before
    return Cost(used / count * 1e6, float(latency[1]))


@contextmanager
def busy(server: Postgres, script: str, *, clients: int) -> Iterator[None]:
    """Have them run it until the end of the block."""
    with _pgbench(server, script, clients, "-T", "3600") as bench:
        try:
            yield
        finally:
            bench.kill()


@contextmanager
def _pgbench(
    server: Postgres, script: str, clients: int, *length: str, options: str = ""
) -> Iterator[subprocess.Popen[str]]:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command: list[str | Path] = [binaries() / "pgbench", "--no-vacuum", "--protocol=prepared"]
        with subprocess.Popen(  # noqa: S603
            [*command, "-c", str(clients), "-j", "1", *length, "-f", file.name, server.url],
            env=os.environ | {"PGOPTIONS": options},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as bench:
            yield bench


def cpu_seconds(pid: int) -> float:
    """User and system time of a server, its processes and those that have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = sum(_ticks(pid)) + sum(sum(_ticks(int(child))[:2]) for child in children)
    return ticks / TICK


def _ticks(pid: int) -> list[int]:
    """Its own user and system time, and that of its ended children (proc_pid_stat(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return [0]
    return [int(field) for field in fields[11:15]]
