"""The real program in a child process: started, asked, stopped or killed, and its log read."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

SCRIPT = Path(__file__).resolve().parents[2] / "service.py"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
Record = dict[str, Any]
Seen = TypeVar("Seen")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Seen], seconds: float = 5.0) -> Seen:
    """What `look` sees as soon as it is true, or what it sees when the time is up."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return seen


@dataclass(frozen=True)
class Ended:
    """How a program that was left alone came to its end."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Program:
    """`python service.py`, in a directory of its own and with nothing but the given environment."""

    def __init__(self, directory: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self.directory = directory
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment |= environment
        self.arguments = arguments
        port = environment.get("PORT", "")
        self.port = int(port) if port.isdigit() else 0
        self.process: subprocess.Popen[bytes] | None = None
        self.launched = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def launch(self) -> Self:
        self.launched = time.monotonic()
        with (
            (self.directory / "stdout").open("ab") as out,
            (self.directory / "stderr").open("ab") as err,
        ):
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPT), *self.arguments],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        return self

    def start(self) -> Self:
        """Launch, and come back when /health answers."""
        self.launch()
        if not eventually(lambda: self.healthy() or not self.running(), seconds=20):
            self.kill()
            raise AssertionError(f"/health never answered:\n{self.output()}")
        assert self.running(), f"the program ended:\n{self.output()}"
        return self

    def healthy(self) -> bool:
        """Ask /health; without httpx, whose TLS context alone takes 23 ms."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as response:
                return bool(response.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ended(self, timeout: float = 20) -> Ended:
        """Come back when it has ended by itself, or else end it and fail."""
        assert self.process is not None, "not started"
        try:
            code = self.process.wait(timeout)
        finally:
            self.kill()
        return Ended(
            code, self.read("stdout"), self.read("stderr"), time.monotonic() - self.launched
        )

    def terminate(self) -> None:
        """Send SIGTERM, without waiting for the end."""
        os.kill(self.pid, signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to end; the exit status, or -9 where it would not."""
        assert self.process is not None, "not started"
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.wait()

    def kill(self) -> None:
        """End it and its workers without asking."""
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
            assert self.process is not None
            self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def read(self, stream: str) -> str:
        return (self.directory / stream).read_text(errors="replace")

    def log(self) -> str:
        """All of its output; a line that is being written is awaited."""
        output = ""

        def whole() -> bool:
            nonlocal output
            output = self.output()
            return output.endswith("\n") or not output

        eventually(whole)
        return output

    def output(self) -> str:
        return self.read("stdout") + self.read("stderr")

    def records(self, containing: str = "") -> list[Record]:
        """The log's JSON records, or those of them whose line contains a text."""
        lines = [line for line in self.log().splitlines() if containing in line]
        return [json.loads(line) for line in lines if line.startswith("{")]


def reason(record: Record) -> str:
    """What the record of a failure says in brackets; what the database said is left out.

    For `ConnectionRefusedError(111, 'Connection refused')` it is `ConnectionRefusedError`, and
    `TimeoutError('…')` as it is, as those words are ours.
    """
    found = re.search(r"failed: [^(]+ \((\w+)(\(.*\))\)$", record["message"])
    if found is None:
        return ""
    return found[1] + (found[2] if found[1] == "TimeoutError" else "")


def is_warning(record: Record) -> bool:
    return "warning" in {str(value).lower() for value in record.values()}


def has_stack_trace(record: Record) -> bool:
    return "Traceback (most recent call last)" in json.dumps(record)
