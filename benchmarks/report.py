"""The report: README's table and chart from the measured rows."""

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import OURS, ROOT, TITLES

README, CHART, ROWS = ROOT / "README.md", ROOT / "docs/benchmark.svg", ROOT / "docs/benchmark.json"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
COLUMNS = (
    ("GET requests/s", "get", "rate", ",.0f"),
    ("p95 ms", "get", "p95", ".1f"),
    ("CPU µs", "get", "cpu", ",.0f"),
    ("database µs", "get", "database_cpu", ",.0f"),
    ("POST requests/s", "post", "rate", ",.0f"),
    ("CPU µs", "post", "cpu", ",.0f"),
    ("PUT requests/s", "put", "rate", ",.0f"),
    ("CPU µs", "put", "cpu", ",.0f"),
)
Result = dict[str, Any]


def medians(result: Result, scenario: str, figure: str) -> dict[str, float]:
    """The median of a figure in a scenario, by contender."""
    values: dict[str, list[float]] = {}
    for row in result["rows"]:
        if row["scenario"] == scenario:
            values.setdefault(row["contender"], []).append(row[figure])
    return {name: median(each) for name, each in values.items()}


def table(result: Result) -> str:
    """A Markdown table of the medians, and a line with the conditions."""
    measured = {row["scenario"] for row in result["rows"]}
    columns = [column for column in COLUMNS if column[1] in measured]
    titles = [title for title, *_ in columns]
    lines = [["", *titles, "memory MiB", "start s"], ["---"] + ["---:"] * (len(titles) + 2)]
    for name in result["memory"]:
        cells = [
            format(medians(result, scenario, figure)[name], form)
            for _, scenario, figure, form in columns
        ]
        cells += [f"{result['memory'][name]:.0f}", f"{result['start'][name]:.2f}"]
        bold = [f"**{cell}**" for cell in (TITLES[name], *cells)]
        lines.append(bold if name == OURS else [TITLES[name], *cells])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{body}\n\n{result['conditions']}"


def chart(result: Result) -> str:
    """Horizontal bars of the requests per second for a list of 20 tasks, as SVG."""
    rates = {n: r for n, r in medians(result, "get", "rate").items() if n != "constant"}
    ordered = sorted(rates.items(), key=lambda each: -each[1])
    height, widest = 26 * len(ordered) + 30, max(rates.values())
    bars = []
    for index, (name, rate) in enumerate(ordered):
        y, width, color = (
            30 + 26 * index,
            360 * rate / widest,
            "#2f81f7" if name == OURS else "#8b949e",
        )
        bars.append(
            f'<text x="210" y="{y + 14}" text-anchor="end">{TITLES[name]}</text>'
            f'<rect x="220" y="{y}" width="{width:.0f}" height="18" rx="2" fill="{color}"/>'
            f'<text x="{228 + width:.0f}" y="{y + 14}">{rate:,.0f}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {height}" role="img"'
        ' font-family="sans-serif" font-size="13" fill="#8b949e">'
        "<title>GET /api/tasks, a list of 20 tasks</title>"
        '<text x="220" y="16">GET /api/tasks, a list of 20 tasks: requests/s</text>'
        f"{''.join(bars)}</svg>\n"
    )


def write(result: Result) -> None:
    """Replace README's block, and write the chart and the rows."""
    ROWS.write_text(json.dumps(result, indent=1) + "\n")
    CHART.write_text(chart(result))
    write_block(README, block(result))


def block(result: Result) -> str:
    """What stands in README between the markers."""
    picture = f"![GET /api/tasks: requests per second]({CHART.relative_to(ROOT)})"
    return f"{BEGIN}\n{picture}\n\n{table(result)}\n{END}"


def write_block(file: Path, text: str) -> None:
    """Replace the text between the markers, markers included."""
    before, _, rest = file.read_text().partition(BEGIN)
    file.write_text(before + text + rest.partition(END)[2])
