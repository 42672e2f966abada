"""The command line: `python -m loadtests.scaling`."""

import argparse
import json
import sys
from pathlib import Path

from embedded import PostgresError
from loadtests.processes import CannotRun
from loadtests.scaling.page import CONTENTS
from loadtests.scaling.page.markdown import fill_in

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES, MEASURED = (DOCS / "scaling.md", DOCS / "performance.md"), DOCS / "scaling.json"


def main() -> int:
    """Fill in the pages' figures, from new measurements or from those that are kept."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.scaling",
        description="Computes the figures of docs/scaling.md and docs/performance.md.",
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="first measure anew, some ten minutes; needs PostgreSQL",
    )
    if parser.parse_args().measure:
        from loadtests.scaling.measure import measure

        try:
            found = measure(lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201
        except (CannotRun, PostgresError) as error:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
            return 2
        MEASURED.write_text(json.dumps(found, indent=2) + "\n")
    for page in PAGES:
        page.write_text(filled_in(page))
    return 0


def filled_in(page: Path) -> str:
    """A page as it ought to be."""
    measured = json.loads(MEASURED.read_text())
    return fill_in(page.read_text(), lambda name: CONTENTS[name](measured))


if __name__ == "__main__":
    sys.exit(main())
