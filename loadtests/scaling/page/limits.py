"""Pools of connections against the limits of those who provide the database."""

from typing import Any

from loadtests.scaling.assumptions import Assumptions
from loadtests.scaling.page.markdown import amount, table
from loadtests.scaling.plan import Plan, tiers

GIB = 2**30
POOLS = (5, 10, 20, 50)


def of_memory(gib: float) -> int:
    """Amazon's default for RDS and Aurora: LEAST(DBInstanceClassMemory / 9531392, 5000)."""
    return min(int(gib * GIB / 9_531_392), 5_000)


# max_connections; of Neon's pooler: clients (neon.com/docs/connect/connection-pooling)
LIMITS = {
    "PostgreSQL's default": 100,
    "Neon, 0.25 CU": 104,
    "Neon, 1 CU": 419,
    "RDS or Aurora, 4 GiB": of_memory(4),
    "RDS or Aurora, 16 GiB": of_memory(16),
    "Neon's pooler": 10_000,
}


def replicas(_: dict[str, Any]) -> str:
    """How many replicas fit under each limit."""
    reserved = Assumptions().reserved
    rows = [
        (name, f"{limit:,}", *(f"{(limit - reserved) // size:,}" for size in POOLS))
        for name, limit in LIMITS.items()
    ]
    sizes = (f"replicas with `DB_POOL_SIZE={size}`" for size in POOLS)
    return table(("", "connections", *sizes), rows)


def pools(measured: dict[str, Any]) -> str:
    """The pools of each plan, and whether they fit."""
    plans = tiers(measured)
    rows = [
        ("connections at work", *(amount(each.connections) for each in plans)),
        ("workers", *(f"{each.workers:,}" for each in plans)),
        ("connections of each worker", *(f"{each.pool_of_worker:,}" for each in plans)),
        ("connections in all", *(f"{_all(each):,}" for each in plans)),
        *((f"fit {name} ({limit:,})", *_fits(plans, limit)) for name, limit in LIMITS.items()),
    ]
    return table(("users", *(f"{each.users:,}" for each in plans)), rows)


def _all(plan: Plan) -> int:
    return plan.workers * plan.pool_of_worker


def _fits(plans: list[Plan], limit: int) -> list[str]:
    return ["yes" if _all(each) <= limit - each.assumed.reserved else "no" for each in plans]
