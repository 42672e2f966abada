"""The side-by-side as a picture and a table: `python -m loadtests.picture rows.json`.

`rows.json` is what `sidebyside/run --json` writes. The picture goes to docs/sidebyside.svg, the
table, the versions and the date between two markers of README.md. No figure there is written by
hand.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from loadtests import chart, versions
from loadtests.chart import Bar, Panel
from loadtests.contenders import CEILING, OURS, READ, Contender

REPOSITORY = Path(__file__).resolve().parents[1]
STATE = Path(tempfile.gettempdir()) / "todo-sidebyside"
BEGIN, END = "<!-- sidebyside:begin -->", "<!-- sidebyside:end -->"
HEADER = (
    *("", "GET requests/s", "p95 ms", "CPU µs"),
    *("POST requests/s", "CPU µs", "PUT requests/s", "CPU µs", "memory MiB", "start s"),
)
HOW = (
    "Medians of {rounds} rounds in turns, one process each, 32 connections, lists of 20 tasks; CPU "
    "is the service's own, without PostgreSQL (PocketBase holds its database within). {date}; "
    "{versions}."
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


def main() -> int:
    """Write both."""
    options = _options()
    contenders = Contender.all_of(json.loads(options.rows.read_text()))
    date = options.date or datetime.fromtimestamp(options.rows.stat().st_mtime, UTC).date()
    how = HOW.format(
        rounds=max(len(rows) for each in contenders for rows in each.rows.values()),
        date=date,
        versions=options.versions or versions.read(options.state),
    )
    options.svg.parent.mkdir(exist_ok=True)
    options.svg.write_text(picture(contenders))
    image = options.svg.resolve().relative_to(options.readme.resolve().parent)
    content = table(contenders, image.as_posix(), how)
    try:
        page = replace_between_markers(options.readme.read_text(), content)
    except ValueError as error:
        print(f"error: {options.readme} {error}", file=sys.stderr)  # noqa: T201
        return 1
    options.readme.write_text(page)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtests.picture", description=__doc__)
    add = parser.add_argument
    add("rows", type=Path, help="the JSON of the side-by-side")
    add("--svg", type=Path, default=REPOSITORY / "docs/sidebyside.svg")
    add("--readme", type=Path, default=REPOSITORY / "README.md")
    add("--state", type=Path, default=STATE, help="where the side-by-side has its environments")
    add("--versions", help="a line of versions, instead of those in --state")
    add("--date", help="of the measurement (default: the file's)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
