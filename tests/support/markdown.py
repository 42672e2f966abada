"""Code blocks and tables of the documentation, which tests run and compare."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def block(file: str, name: str) -> str:
    """The code between the markers of this name in a file."""
    pattern = rf"<!-- {name}:begin -->\n```\w+\n(.*?)```\n<!-- {name}:end -->"
    found = re.search(pattern, (ROOT / file).read_text(), re.DOTALL)
    assert found, f"{file} has no block {name}"
    return found[1]


def rows(file: str) -> list[list[str]]:
    """The cells of all table rows in a file."""
    lines = (ROOT / file).read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
