"""A service that somebody else has started, with the settings of tests/conftest.py."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from tests.support.program import Program


class Elsewhere(Program):
    """It is asked and its logs are read, but it is neither started nor stopped."""

    def __init__(self, url: str, logs: Sequence[str]) -> None:
        """`logs` are the files that it, or all of its replicas, write."""
        super().__init__(Path(), {"PORT": str(urlsplit(url).port)})
        assert url == self.url, f"expects a URL such as {self.url}"
        self.logs = [Path(log) for log in logs]

    def start(self) -> Self:
        assert self.healthy(), f"nothing answers at {self.url}"
        return self

    def stop(self) -> int:
        return 0

    def kill(self) -> None:
        raise AssertionError("it is not ours")

    def running(self) -> bool:
        return self.healthy()

    def output(self) -> str:
        return "".join(log.read_text(errors="replace") for log in self.logs)
