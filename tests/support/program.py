"""The real program in a child process, and its log."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
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
    """Call `look` until it returns something true or the time is up; return what it returned."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return seen


@dataclass(frozen=True)
class Ended:
    """The exit code and the output of a program that has ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float


class Program:
    """`python service.py` in a directory of its own, with the given environment only."""

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
        """Launch, and wait until /health responds."""
        self.launch()
        if not eventually(lambda: self.healthy() or not self.running(), seconds=20):
            self.kill()
            raise AssertionError(f"/health did not respond:\n{self.output()}")
        assert self.running(), f"the program ended:\n{self.output()}"
        return self

    def healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ended(self, timeout: float = 20) -> Ended:
        """Wait for the end; kill it and fail where it does not end."""
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
        """Send SIGTERM and wait; return the exit status, -9 where it had to be killed."""
        assert self.process is not None, "not started"
        if self.running():
            self.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.wait()

    def kill(self) -> None:
        """Kill it and its workers."""
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
        """All of its output, up to a whole line."""
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
        """The JSON records of the log whose line contains this text."""
        lines = [line for line in self.log().splitlines() if containing in line]
        return [json.loads(line) for line in lines if line.startswith("{")]


def reason(record: Record) -> str:
    """The exception in brackets in the record of a failure; its arguments only for TimeoutError.

    For `ConnectionRefusedError(111, 'Connection refused')` it is `ConnectionRefusedError`.
    """
    found = re.search(r"failed: [^(]+ \((\w+)(\(.*\))\)$", record["message"])
    if found is None:
        return ""
    return found[1] + (found[2] if found[1] == "TimeoutError" else "")


def is_warning(record: Record) -> bool:
    return "warning" in {str(value).lower() for value in record.values()}


def has_stack_trace(record: Record) -> bool:
    return "Traceback (most recent call last)" in json.dumps(record)
