"""Tables in Markdown, and the places between two markers where they stand."""

import math
import re
from collections.abc import Callable, Iterable, Sequence

from loadtests.scaling.plan import Plan

SLOT = "<!-- scaling:{0} -->\n{1}\n<!-- scaling:end -->"
SLOTS = re.compile(r"<!-- scaling:(?!end)(\w+) -->\n.*?<!-- scaling:end -->", re.DOTALL)


def fill_in(page: str, content: Callable[[str], str]) -> str:
    """A page with new content between its markers, by name."""
    return SLOTS.sub(lambda slot: SLOT.format(slot[1], content(slot[1])), page)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """All columns but the first are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)


def by_tier(plans: Sequence[Plan], texts: Iterable[tuple[str, Callable[[Plan], float]]]) -> str:
    """A column for each plan, a row for each of its figures."""
    rows = [(text, *(amount(figure(each)) for each in plans)) for text, figure in texts]
    return table(("users", *(f"{each.users:,}" for each in plans)), rows)


def amount(value: float) -> str:
    """A number for people: two digits that mean something, three from a hundred on."""
    if not value:
        return "0"
    rounded = float(f"{value:.{3 if value >= 100 else 2}g}")
    digits = max(0, 1 - math.floor(math.log10(rounded)))
    return f"{rounded:,.{digits}f}"
