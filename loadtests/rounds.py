"""What two contenders that take turns have used, and what that comes to."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True)
class Round:
    """Microseconds of CPU for a request, of the one and of the other."""

    service: float
    other: float

    @property
    def ratio(self) -> float:
        """How many times the other."""
        return self.service / self.other


@dataclass(frozen=True)
class Summary:
    """Medians of some rounds."""

    service: float
    other: float
    ratio: float

    @classmethod
    def of(cls, rounds: Iterable[Round]) -> Self:
        """The ratio is the median of ratios: each is of one moment."""
        found = list(rounds)
        fields = [(each.service, each.other, each.ratio) for each in found]
        return cls(*map(median, zip(*fields, strict=True)))
