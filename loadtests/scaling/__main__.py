"""The command line: `python -m loadtests.scaling`."""

import argparse
import json
import sys
from pathlib import Path

from core.postgres import PostgresError
from loadtests.processes import CannotRun
from loadtests.scaling.markdown import fill_in
from loadtests.scaling.tables import TABLES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, MEASURED = DOCS / "scaling.md", DOCS / "scaling.json"


def main() -> int:
    """Fill in the page's tables, from new measurements or from those that are kept."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.scaling",
        description="Computes the tables of docs/scaling.md from docs/scaling.json.",
    )
    parser.add_argument(
        "--measure", action="store_true", help="first measure anew, some minutes; needs PostgreSQL"
    )
    if parser.parse_args().measure:
        from loadtests.scaling.measure import measure

        try:
            found = measure(lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
        except (CannotRun, PostgresError) as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
            return 2
        MEASURED.write_text(json.dumps(found, indent=2) + "\n")
    PAGE.write_text(page())
    return 0


def page() -> str:
    """The page as it ought to be."""
    measured = json.loads(MEASURED.read_text())
    return fill_in(PAGE.read_text(), lambda name: TABLES[name](measured))


if __name__ == "__main__":
    sys.exit(main())
