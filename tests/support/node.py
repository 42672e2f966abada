"""Node.js: an example with its packages, which are installed once, and the programs in it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLDEST = 20  # the first version that is tried
CACHE = Path(
    os.environ.get("TESTS_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "todo-tests"
)
OFFLINE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT)\b")
RETRIES = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")  # milliseconds
PATIENCE = 120  # seconds


class Example:
    """A copy of examples/NAME outside the repository, with its packages and openapi.json."""

    def __init__(self, name: str, directory: Path) -> None:
        """Skips the test where Node.js, npm or the packages cannot be had."""
        _require_node()
        self.directory = directory / "examples" / name
        made = shutil.ignore_patterns("node_modules", "dist", "schema.d.ts")
        shutil.copytree(ROOT / "examples" / name, self.directory, ignore=made)
        shutil.copy(ROOT / "openapi.json", directory)
        (self.directory / "node_modules").symlink_to(_installed(self.directory))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, whatever that is."""
        return subprocess.run(
            command,
            cwd=self.directory,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def npm_run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("npm", "run", "--silent", script, **environment)

    @contextmanager
    def running(self, *command: str, log: Path, **environment: str) -> Iterator[None]:
        """A command that goes on until the end of the block."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.directory,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _require_node() -> None:
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"there is no {program}")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < OLDEST:
        pytest.skip(f"needs Node.js {OLDEST} or newer, here is {version.stdout.strip()}")


def _installed(example: Path) -> Path:
    """The packages that its lock names, from the cache or else from the registry."""
    wanted = [example / name for name in ("package.json", "package-lock.json", ".npmrc")]
    key = hashlib.sha256(b"".join(file.read_bytes() for file in wanted)).hexdigest()[:16]
    kept = CACHE / f"{example.name}-{key}"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=CACHE))
        try:
            for file in wanted:
                shutil.copy(file, work)
            _install(work)
            with suppress(OSError):  # somebody else was faster
                work.rename(kept)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return kept / "node_modules"


def _install(directory: Path) -> None:
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", *RETRIES],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
