"""Reads from a standby, and tables divided by owner."""

from typing import Any

from loadtests.scaling import commits as tried
from loadtests.scaling.page.markdown import amount, table
from loadtests.scaling.parts import PARTS
from loadtests.scaling.plan import tiers


def commits(measured: dict[str, Any]) -> str:
    """What it costs to wait for a standby, and what that gives to those who read there."""
    rows = [
        (f"`{mode}`", f"{each['ms']:.1f}", f"{each['stale']:.1%}", f"{each['ahead']:.1%}")
        for mode, each in measured["commits"].items()
    ]
    header = (
        "`synchronous_commit`",
        "ms for a write",
        "own write not on the standby yet",
        "seen on the standby, not yet on the primary",
    )
    how = (
        f"The fastest of {tried.ROUNDS} rounds, {tried.CLIENTS} writers. The shares are of "
        f"{tried.TRIES} tries each, at once and over open connections, while\n{tried.CLIENTS} "
        "others write: how often it happens depends on the load, that it happens does not."
    )
    return f"{table(header, rows)}\n\n{how}"


def reads(measured: dict[str, Any]) -> str:
    """Why the primary may answer all reads."""
    service, database = measured["service_us"]["list"], measured["database_us"]["list"]
    a_second = amount(1e6 / database * tiers(measured)[0].assumed.busy)
    return (
        "What to do instead: nothing, for long. A list costs the primary "
        f"{amount(database / service)} times the CPU of the service:\none more core there carries "
        f"{a_second} lists a second. The plan above does not run out of the primary's\ncores but "
        "of its log, which no replica relieves. A standby is for failover\n"
        "([deploy/fleet](../deploy/fleet))."
    )


def parts(measured: dict[str, Any]) -> str:
    """How much of a table divided by owner each statement touches."""
    rows = [(name, str(count)) for name, count in measured["parts"].items()]
    return table(("statement", f"of {PARTS} parts touched"), rows)
