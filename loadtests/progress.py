"""Progress, on stderr: on a terminal in one line, else a line for each load."""

import sys

_told = ""


def tell(what: str, how_far: str = "") -> None:
    """Say what is being done; nothing ends the line."""
    global _told  # noqa: PLW0603
    if sys.stderr.isatty():
        print(f"\r\033[K{what}{how_far}", end="", file=sys.stderr, flush=True)  # noqa: T201
    elif what and what != _told:
        print(what, file=sys.stderr, flush=True)  # noqa: T201
    _told = what
