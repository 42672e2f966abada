"""Prices, and what so many users cost at these."""

from dataclasses import replace
from typing import Any

from loadtests.scaling.assumptions import PRICED, PRICES
from loadtests.scaling.bill import Bill
from loadtests.scaling.page.markdown import amount, table
from loadtests.scaling.plan import Plan, tiers

LINES = {
    "service": "service and log-ins",
    "database": "primary and standbys",
    "stored": "what they store",
    "backup": "the log that is kept",
    "traffic": "answers",
    "pooler": "a pooler",
}


def prices(_: dict[str, Any]) -> str:
    """What is assumed of them."""
    rows = [
        (each.unit, f"{each.low:g}", f"{each.high:g}", each.such_as) for each in PRICES.values()
    ]
    header = ("US dollars for", "low", "high", "such as")
    return f"{table(header, rows)}\n\nAssumed in {PRICED}, not measured."


def bill(measured: dict[str, Any]) -> str:
    """A month, from everything at its low price to everything at its high one."""
    bills = [Bill(plan) for plan in tiers(measured)]
    without = [Bill(_without_logins(each.plan)) for each in bills]
    rows = [
        (text, *(_range(*each.range_of(name)) for each in bills)) for name, text in LINES.items()
    ]
    rows += [
        ("**in all**", *(f"**{_range(*each.total)}**" for each in bills)),
        ("in all, with log-ins by Better Auth", *(_range(*each.total) for each in without)),
    ]
    return table(("US dollars a month", *(f"{each.plan.users:,}" for each in bills)), rows)


def _without_logins(plan: Plan) -> Plan:
    return replace(plan, assumed=replace(plan.assumed, logins=0))


def _range(low: float, high: float) -> str:
    return f"{amount(low)} – {amount(high)}"
