"""All that the page is computed from, measured: some minutes."""

import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import bcrypt

from core.accounts.passwords import COST
from deploy.fleet.databases import binaries
from embedded import Postgres
from loadtests import cpu
from loadtests.constant import BODY
from loadtests.processes import free_port
from loadtests.rounds import Summary
from loadtests.scaling import commits, keyed, parts, requests, storage

KINDS: dict[str, dict[str, str]] = {
    "ordered": {},
    "compressed": {"wal_compression": "lz4"},
    "random": {},
}
LOGINS = 5
FEW = 500_000  # tasks, without a checkpoint between them


def measure(tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything; `tell` hears what is next. Raises CannotRun."""
    tell("the service's CPU")
    found: dict[str, Any] = {**_service(), "keyless": asdict(Summary.of(cpu.price_of_keys()))}
    found["answer_bytes"] = len(BODY)
    tell("a login")
    found["login_ms"] = _login() * 1000
    with tempfile.TemporaryDirectory(prefix="todo-scaling-") as scratch:
        folder = Path(scratch)
        with _server(folder / "few") as server:
            few = storage.fill(server.url, ordered=False, tasks=FEW, between=FEW)
            found["wal_without_images"] = few["wal"]
        tell(f"{keyed.KEYS:,} idempotency keys")
        with _server(folder / "keyed", **keyed.NO_IMAGES) as server:
            found["keyed"] = keyed.measure(server.url)
        for name, settings in KINDS.items():
            tell(f"{storage.TASKS:,} tasks, {name}")
            with _server(folder / name, **storage.SMALL, **settings) as server:
                found[name] = storage.fill(server.url, ordered=name == "ordered")
        tell("requests")
        with _server(folder / "random") as server:
            found |= requests.costs(server)
        with _server(folder / "parts") as server:
            found["parts"] = parts.touched(server.url)
    tell("commits with a standby")
    found["commits"] = commits.measure()
    found["when"] = time.strftime("%Y-%m-%d")
    found["where"] = (
        f"Python {platform.python_version()}, PostgreSQL {_version()}, {os.cpu_count()} cores"
    )
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _server(folder: Path, **settings: str) -> Postgres:
    return Postgres(folder, binaries=binaries(), port=free_port(), settings=settings)


def _version() -> str:
    return binaries().parent.name


def _service() -> dict[str, dict[str, float]]:
    """By kind of request: CPU in the service, of a constant answer, and how many times that."""
    found = cpu.costs()
    return {
        "service_us": {kind: each.service for kind, each in found.items()},
        "constant_us": {kind: each.other for kind, each in found.items()},
        "times_constant": {kind: each.ratio for kind, each in found.items()},
    }


def _login() -> float:
    """Seconds of CPU for one."""
    known = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(COST))
    seconds = []
    for _ in range(LOGINS):
        began = time.process_time()
        bcrypt.checkpw(b"correct horse", known)
        seconds.append(time.process_time() - began)
    return median(seconds)


def _rounded(found: Any) -> Any:
    """Four digits: no more than what was measured is worth."""
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return float(f"{found:.4g}") if isinstance(found, float) else found
