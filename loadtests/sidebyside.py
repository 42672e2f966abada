"""The side-by-side's rows, trimmed to what the picture and the table show of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtests import versions
from loadtests.contenders import SCENARIOS

OF_SERVER = ("contender", "startup_s", "loaded_mib")
OF_ROW = ("round", "scenario", "contender", "rps", "p95", "app_us", "errors")


def trimmed(rows: Path, state: Path) -> dict[str, Any]:
    """Of a file that `sidebyside/run --json` has written; `state` has what it installed."""
    found = json.loads(rows.read_text())
    kept = [row for row in found["rows"] if row["scenario"] in SCENARIOS]
    return {
        "date": f"{datetime.fromtimestamp(rows.stat().st_mtime, UTC):%Y-%m-%d}",
        "versions": versions.read(state),
        "rounds": max(row["round"] for row in kept),
        "servers": [_only(OF_SERVER, each) for each in found["servers"]],
        "rows": [_only(OF_ROW, each) for each in kept],
    }


def text(found: dict[str, Any]) -> str:
    """JSON with a line for each row."""
    lines = [f'"{name}": {_text(value)}' for name, value in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _text(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(f" {json.dumps(each)}" for each in value) + "\n]"


def _only(names: tuple[str, ...], found: dict[str, Any]) -> dict[str, Any]:
    """These fields, with four digits: no more than what was measured is worth."""
    return {
        name: float(f"{found[name]:.4g}") if isinstance(found[name], float) else found[name]
        for name in names
    }
