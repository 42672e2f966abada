"""Results: what one load, or several together, came to."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from loadtests.connections import InUse
from loadtests.processes import CannotRun


@dataclass(frozen=True)
class Entry:
    """All requests of one method and one path."""

    method: str
    path: str
    requests: int
    failures: int
    times: dict[int, int]
    """How many answers took so many milliseconds; Locust keeps two digits from 100 on."""
    seconds: float


@dataclass(frozen=True)
class Results:
    """What the load generator has seen."""

    entries: list[Entry]
    errors: dict[str, int]
    """How often what went wrong."""
    in_use: InUse | None = None
    """None where nobody could look at the database."""

    @classmethod
    def read(cls, file: Path) -> Self:
        """What locustfile.py has written. Raises CannotRun."""
        found = json.loads(file.read_text())
        if found["exceptions"]:
            raise CannotRun(
                f"there is a mistake in the load test itself:\n{found['exceptions'][0]}"
            )
        entries = [
            Entry(
                each["method"],
                each["name"],
                each["num_requests"],
                each["num_failures"],
                {int(time): count for time, count in each["response_times"].items()},
                (each["last_request_timestamp"] or 0) - each["start_time"],
            )
            for each in found["entries"]
        ]
        errors: dict[str, int] = {}
        for each in found["errors"].values():
            text = f"{each['method']} {each['name']}: {_plain(each['error'])}"
            errors[text] = errors.get(text, 0) + each["occurrences"]
        return cls(entries, errors)

    def __add__(self, other: Self) -> Self:
        """Both loads as one."""
        errors = {
            text: self.errors.get(text, 0) + other.errors.get(text, 0)
            for text in {**self.errors, **other.errors}
        }
        return replace(self, entries=self.entries + other.entries, errors=errors)

    def only(self, *, method: str = "", path: str = "") -> Self:
        """The part with this method, and with paths that begin so; all errors are kept."""
        chosen = [
            each
            for each in self.entries
            if method in {"", each.method} and each.path.startswith(path)
        ]
        return replace(self, entries=chosen)

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(each.requests for each in self.entries)

    @property
    def failures(self) -> int:
        """How many of them did not get what they ought to."""
        return sum(each.failures for each in self.entries)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / max((each.seconds for each in self.entries), default=1)

    def errors_with(self, word: str) -> int:
        """How many errors say this."""
        return sum(count for text, count in self.errors.items() if word in text)

    def percentile(self, share: float) -> float:
        """The milliseconds within which this share was answered; infinite where nothing was."""
        times: dict[int, int] = {}
        for each in self.entries:
            for time, count in each.times.items():
                times[time] = times.get(time, 0) + count
        wanted = math.ceil(sum(times.values()) * share)
        for time in sorted(times):
            wanted -= times[time]
            if wanted <= 0:
                return time
        return math.inf


def _plain(error: str) -> str:
    """Locust quotes the message with the name of its exception around."""
    return error.removeprefix("CatchResponseError(").removesuffix(")").strip("\"'")
