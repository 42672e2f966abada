"""`make bench`: README's table, and a limit for the CPU time of a list."""

import json
from contextlib import ExitStack
from statistics import median

import pytest

from benchmarks import report
from benchmarks.__main__ import run
from tests.support.programs import find_program

LIMIT = 8  # times a constant body of the same size


@pytest.fixture(scope="module")
def result() -> report.Result:
    find_program("wrk")
    with ExitStack() as resources:
        return run(["service", "constant"], ["get", "post"], 3, 2, resources)


def test_cpu_of_a_list_is_limited(result: report.Result) -> None:
    ours, constant = (report.medians(result, "get", "cpu")[n] for n in ("service", "constant"))
    assert ours / constant < LIMIT


def test_every_contender_is_measured_in_every_round(result: report.Result) -> None:
    measured = {(row["contender"], row["scenario"]) for row in result["rows"]}
    assert measured == {(c, s) for c in ("service", "constant") for s in ("get", "post")}
    assert len(result["rows"]) == 12
    assert min(row["rate"] for row in result["rows"]) > 0


def test_table_has_a_line_for_each_contender(result: report.Result) -> None:
    lines = report.table(result).splitlines()
    assert lines[2].startswith("| **this service** | **")
    assert lines[3].startswith("| uvicorn, a constant body | ")
    rates = [row["rate"] for row in result["rows"] if row["scenario"] == "get"][::2]
    assert f"**{median(rates):,.0f}**" in lines[2]


def test_readme_shows_the_kept_result() -> None:
    kept = json.loads(report.ROWS.read_text())
    assert report.block(kept) in report.README.read_text()
    assert report.CHART.read_text() == report.chart(kept)
