"""README's picture and table say what the side-by-side has measured, and nothing else."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from loadtests import chart
from loadtests.contenders import Contender
from loadtests.picture import (
    MEASURED,
    README,
    REPOSITORY,
    SVG,
    picture,
    replace_between_markers,
    section,
    table,
)


def side_by_side(*contenders: str, errors: int = 0) -> list[Contender]:
    rows = [
        {"round": number, "scenario": "get:32", "contender": name}
        | {"rps": 1000.0 + number, "p95": 5.0, "app_us": 100.0 + number, "errors": errors}
        for name in contenders
        for number in (1, 2, 9)
    ]
    servers = [{"contender": name, "startup_s": 0.5, "loaded_mib": 60.4} for name in contenders]
    return Contender.all_of({"rows": rows, "servers": servers})


def test_the_table_has_medians_and_leaves_out_what_was_not_measured() -> None:
    content = table(side_by_side("project", "raw"), "docs/sidebyside.svg", "How.")
    assert "| **this service** | **1,002** | **5.0** | **102** | **–** |" in content
    assert "| Starlette + asyncpg, by hand | 1,002 | 5.0 | 102 | – |" in content
    assert side_by_side("raw", errors=1)[0].cells()[1:4] == ["–", "–", "–"]


def test_the_picture_is_valid_and_shows_everyone() -> None:
    text = picture(side_by_side("project", "raw", "fastapi", "const"))
    root = ET.fromstring(text)  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect")) == 4 + 3
    assert "prefers-color-scheme: dark" in text
    assert chart.draw("Nothing", [chart.Panel("CPU", "", [])])


def test_only_what_is_between_the_markers_changes() -> None:
    page = "before <!-- sidebyside:begin -->old<!-- sidebyside:end --> after"
    once = replace_between_markers(page, r"new \1")
    assert once.startswith(
        "before <!-- sidebyside:begin -->\nnew \\1\n<!-- sidebyside:end --> after"
    )
    assert replace_between_markers(once, r"new \1") == once
    with pytest.raises(ValueError, match="expects one"):
        replace_between_markers("no markers", "new")


def test_readme_and_picture_are_computed_from_the_measurements() -> None:
    found = json.loads(MEASURED.read_text())
    page = README.read_text()
    assert page == replace_between_markers(page, section(found, "docs/sidebyside.svg"))
    assert SVG.read_text() == picture(Contender.all_of(found))


def test_rows_are_taken_over_trimmed(tmp_path: Path) -> None:
    figures = {"rps": 1000.123, "p95": 5.0, "app_us": 100.0, "errors": 0}
    row = {"round": 1, "scenario": "get:32", "contender": "project"} | figures
    server = {"contender": "project", "startup_s": 0.5, "loaded_mib": 60.0}
    rows, kept, readme = (tmp_path / name for name in ("rows.json", "kept.json", "README.md"))
    more = {**row, "scenario": "storm", "round": 9}
    raw = {"servers": [server | {"idle_mib": 50.0}], "rows": [row | {"other": 0.1}, more]}
    rows.write_text(json.dumps(raw))
    os.utime(rows, (0, datetime(2026, 11, 27, tzinfo=UTC).timestamp()))
    readme.write_text("<!-- sidebyside:begin --><!-- sidebyside:end -->")
    where = ("--take", rows, "--state", tmp_path, "--svg", tmp_path / "a.svg", "--readme", readme)
    command = [sys.executable, "-m", "loadtests.picture", kept, *where]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    taken = json.loads(kept.read_text())
    taken.pop("versions")  # of what this machine has
    assert taken == {
        "date": "2026-11-27",
        "rounds": 1,
        "servers": [server],
        "rows": [row | {"rps": 1000.0}],
    }
    assert "Medians of 1 rounds" in readme.read_text()
    assert "2026-11-27" in readme.read_text()
