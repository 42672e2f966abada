"""The side-by-side as a picture and a table: `python -m loadtests.picture docs/sidebyside.json`.

The picture goes to docs/sidebyside.svg, the table, the versions and the date between two markers of
README.md. No figure there is written by hand. `--take rows.json`, with what `sidebyside/run --json`
has written, makes docs/sidebyside.json of that before.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loadtests import chart, sidebyside
from loadtests.chart import Bar, Panel
from loadtests.contenders import CEILING, OURS, READ, Contender

REPOSITORY = Path(__file__).resolve().parents[1]
README, SVG = REPOSITORY / "README.md", REPOSITORY / "docs/sidebyside.svg"
MEASURED = REPOSITORY / "docs/sidebyside.json"
STATE = Path(tempfile.gettempdir()) / "todo-sidebyside"
BEGIN, END = "<!-- sidebyside:begin -->", "<!-- sidebyside:end -->"
HEADER = (
    *("", "GET requests/s", "p95 ms", "CPU µs"),
    *("POST requests/s", "CPU µs", "PUT requests/s", "CPU µs", "memory MiB", "start s"),
)
HOW = (
    "Medians of {rounds} rounds in turns, one process each (PocketBase uses all cores), 32 "
    "connections, lists of 20 tasks. The others have a pool of 10 database connections, this "
    "service its default of 50. CPU is the service's own, without PostgreSQL (PocketBase holds its "
    "database within). {date}; {versions}."
)


def picture(contenders: Iterable[Contender]) -> str:
    """The bars of the list: what it costs, and how many a second."""
    contenders = list(contenders)
    rivals = [each for each in contenders if each.name != CEILING]  # it would dwarf all others

    def bars(chosen: list[Contender], field: str, *, falling: bool) -> list[Bar]:
        found = [
            Bar(each.label, value, ours=each.name == OURS)
            for each in chosen
            if (value := each.figure(READ, field)) is not None
        ]
        return sorted(found, key=lambda bar: bar.value, reverse=falling)

    return chart.draw(
        "A list of 20 tasks, side by side",
        [
            Panel(
                "CPU per request, µs", "less is better", bars(contenders, "app_us", falling=False)
            ),
            Panel("Requests per second", "more is better", bars(rivals, "rps", falling=True)),
        ],
    )


def table(contenders: Iterable[Contender], image: str, how: str) -> str:
    """What stands between the markers."""
    lines = [HEADER, ["---", *["---:"] * (len(HEADER) - 1)]]
    lines += [
        [f"**{cell}**" for cell in each.cells()] if each.name == OURS else each.cells()
        for each in contenders
    ]
    rows = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"![A list of 20 tasks, side by side]({image})\n\n{rows}\n\n{how}"


def replace_between_markers(text: str, content: str) -> str:
    """A page with new content. Raises ValueError where it has not both markers, once."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"expects one {BEGIN} and one {END}")
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{content}\n{END}", text, flags=re.DOTALL)


def section(found: dict[str, Any], image: str) -> str:
    """What stands between the markers, of docs/sidebyside.json."""
    return table(Contender.all_of(found), image, HOW.format_map(found))


def main() -> int:
    """Write both."""
    options = _options()
    if options.take:
        taken = sidebyside.trimmed(options.take, options.state)
        options.measured.write_text(sidebyside.text(taken))
    found = json.loads(options.measured.read_text())
    options.svg.write_text(picture(Contender.all_of(found)))
    image = options.svg.resolve().relative_to(options.readme.resolve().parent)
    try:
        page = replace_between_markers(options.readme.read_text(), section(found, image.as_posix()))
    except ValueError as error:
        print(f"error: {options.readme} {error}", file=sys.stderr)  # noqa: T201
        return 1
    options.readme.write_text(page)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.picture", description=__doc__)
    add = parser.add_argument
    add("measured", type=Path, nargs="?", default=MEASURED, help="default: docs/sidebyside.json")
    add("--take", type=Path, metavar="ROWS", help="make it of the side-by-side's JSON before")
    add("--state", type=Path, default=STATE, help="where the side-by-side has its environments")
    add("--svg", type=Path, default=SVG)
    add("--readme", type=Path, default=README)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
