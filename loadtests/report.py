"""The report: one table on the terminal, and one HTML file that needs no other host."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from loadtests.promises import Promise
from loadtests.results import Results
from loadtests.verdicts import Verdict

HEADER = ("", "promise", "threshold", "measured", "held")
REQUESTS = ("load", "request", "requests", "failed", "p50 ms", "p95 ms", "p99 ms")
ANSWERS = {True: "yes", False: "NO", None: "-"}
MOST_ERRORS = 3  # shown for each promise
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 3rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2.5rem }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #8884 }
.number { text-align: right; font-variant-numeric: tabular-nums }
.yes { color: #1a7f37 } .NO { color: #d1242f; font-weight: bold }
footer { color: #888; font-size: .85rem }
"""


@dataclass(frozen=True)
class Line:
    """One promise, and what became of it."""

    promise: Promise
    threshold: str
    verdict: Verdict
    results: Results

    def cells(self) -> tuple[str, ...]:
        """The line as the table shows it."""
        name, text = self.promise.name, self.promise.text
        return name, text, self.threshold, self.verdict.measured, ANSWERS[self.verdict.held]

    def errors(self) -> list[str]:
        """What went wrong most often."""
        most = sorted(self.results.errors.items(), key=lambda error: -error[1])[:MOST_ERRORS]
        return [f"{count:,} × {text}" for text, count in most]


def table(lines: Iterable[Line]) -> str:
    """The promises in columns, and below them what went wrong."""
    lines = list(lines)
    rows: list[Sequence[str]] = [HEADER, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    for line in lines:
        text += [f"{line.promise.name}: {error}" for error in line.errors()]
    return "\n".join(text)


def html(lines: Iterable[Line], facts: str) -> str:
    """A page with the promises, every kind of request, and every error."""
    lines = list(lines)
    promises = _rows(line.cells() for line in lines)
    requests = _rows(row for line in lines for row in _requests(line))
    errors = "".join(
        f"<li>{escape(f'{line.promise.name}: {count:,} × {text}')}</li>"
        for line in lines
        for text, count in line.results.errors.items()
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Load test</title><style>{STYLE}</style>
<h1>Load test</h1>
<table>{_head(HEADER)}{promises}</table>
<h2>Requests</h2>
<table>{_head(REQUESTS)}{requests}</table>
<h2>Errors</h2>
<ul>{errors or "<li>none</li>"}</ul>
<footer>{escape(facts)}</footer></html>
"""


def _requests(line: Line) -> Iterable[tuple[str, ...]]:
    for entry in line.results.entries:
        alone = Results([entry], {})
        times = [f"{alone.percentile(share):.0f}" for share in (0.5, 0.95, 0.99)]
        counts = f"{entry.requests:,}", f"{entry.failures:,}"
        yield line.promise.name, f"{entry.method} {entry.path}", *counts, *times


def _head(cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<th>{cell}</th>" for cell in cells) + "</tr>"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)


def _cell(text: str) -> str:
    number = text.replace(",", "").isdigit()
    kind = "number" if number else text if text in ANSWERS.values() else ""
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"
