"""The table: what was promised, what was measured, and whether that is the same."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADER = ("", "promised", "measured", "held")


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    promised: str
    measured: str
    held: bool

    def cells(self) -> tuple[str, ...]:
        """The line as the table shows it."""
        return self.what, self.promised, self.measured, "yes" if self.held else "NO"


def table(lines: Iterable[Line]) -> str:
    """The lines in columns."""
    rows = [HEADER, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
