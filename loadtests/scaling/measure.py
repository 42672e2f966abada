"""All that the page is computed from, measured: some minutes."""

import platform
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import bcrypt

from core.passwords import COST
from core.postgres import Postgres
from deploy.fleet.databases import binaries
from loadtests.constant import BODY
from loadtests.processes import CannotRun, free_port
from loadtests.scaling import commits, requests, storage

README = Path(__file__).resolve().parents[2] / "README.md"
OURS = re.compile(r"^\| \*\*this service\*\* \|(.*)\|$", re.MULTILINE)
SMALL = {"shared_buffers": "16MB"}  # less than the indexes, as where tables are large
KINDS: dict[str, dict[str, str]] = {
    "ordered": {},
    "compressed": {"wal_compression": "lz4"},
    "random": {},
}
LOGINS = 5
FEW = 500_000  # tasks, without a checkpoint between them


def measure(tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything; `tell` hears what is next. Raises CannotRun."""
    found: dict[str, Any] = {"service": _service(), "answer_bytes": len(BODY)}
    tell("a login")
    found["login_ms"] = _login() * 1000
    with tempfile.TemporaryDirectory(prefix="todo-scaling-") as scratch:
        folder = Path(scratch)
        with _server(folder / "few") as server:
            few = storage.fill(server.url, ordered=False, tasks=FEW, between=FEW)
            found["wal_without_images"] = few["wal"]
        for name, settings in KINDS.items():
            tell(f"{storage.TASKS:,} tasks, {name}")
            with _server(folder / name, **SMALL, **settings) as server:
                found[name] = storage.fill(server.url, ordered=name == "ordered")
        tell("requests")
        with _server(folder / "random") as server:
            found |= requests.costs(server)
        with _server(folder / "parts") as server:
            found["parts"] = requests.parts_touched(server.url)
    tell("commits with a standby")
    found["commits"] = commits.measure()
    found["when"] = time.strftime("%Y-%m-%d")
    found["where"] = f"Python {platform.python_version()}, PostgreSQL {_version()}"
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _server(folder: Path, **settings: str) -> Postgres:
    return Postgres(folder, binaries=binaries(), port=free_port(), settings=settings)


def _version() -> str:
    return binaries().parent.name


def _service() -> dict[str, float]:
    """What the side by side in README says of this service."""
    row = OURS.search(README.read_text())
    if not row:
        raise CannotRun("README has no row of this service")
    cells = [float(cell.strip(" *").replace(",", "")) for cell in row[1].split("|")]
    names = ("list_rate", "list_p95", "list_us", "add_rate", "add_us", "change_rate", "change_us")
    return dict(zip((*names, "memory_mib", "start_s"), cells, strict=True))


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
