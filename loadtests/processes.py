"""Child processes: each with a log of its own, and none outlives us, however we end."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from core.parent import follower

LONGEST_STOP = 15  # seconds: more than the service gives its requests in flight
LONGEST_START = 30


class CannotRun(Exception):
    """Why there is nothing to measure: a sentence, at times with a program's last words."""


class Child:
    """A program that runs for as long as this context lasts."""

    process: subprocess.Popen[bytes]

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self._command = command
        self._log = log
        self._environment = environment
        self._directory = directory

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,  # Ctrl-C is for us; we end the child in good order
                preexec_fn=follower(os.getpid(), signal.SIGTERM),  # noqa: PLW1509  we have no threads
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(LONGEST_STOP)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self.process.pid

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def last_words(self) -> str:
        """The end of what it said."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])

    def wait_for(self, url: str) -> None:
        """Come back when it answers there. Raises CannotRun."""
        deadline = time.monotonic() + LONGEST_START
        while time.monotonic() < deadline and self.running():
            if answers(url):
                return
            time.sleep(0.02)
        raise CannotRun(f"{self._command[1]} does not answer at {url}:\n{self.last_words()}")


def answers(url: str) -> bool:
    """Whether anything speaks HTTP there."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
