"""Assumptions, measurements, and the cores that follow from them."""

from collections.abc import Callable
from typing import Any

from loadtests.kinds import TEXTS
from loadtests.scaling import storage
from loadtests.scaling.assumptions import Assumptions
from loadtests.scaling.page.markdown import amount, by_tier, table
from loadtests.scaling.plan import Plan, tiers
from loadtests.scaling.space import Space


def assumptions(_: dict[str, Any]) -> str:
    """What is assumed."""
    return table(("assumed", "value"), Assumptions().rows())


def inputs(measured: dict[str, Any]) -> str:
    """What everything is computed from."""
    service, cpu, ms = (measured[name] for name in ("service_us", "database_us", "database_ms"))
    rows = [
        (text, amount(service[kind]), amount(cpu[kind]), amount(ms[kind]))
        for kind, text in TEXTS.items()
    ]
    rows.append(("a log-in (bcrypt)", amount(measured["login_ms"] * 1000), "", ""))
    header = ("request", "service, CPU µs", "database, CPU µs", "in the database, ms")
    how = (
        f"{measured['when']}; {measured['where']}. The database had {storage.TASKS:,} tasks of "
        f"{storage.USERS:,} users."
    )
    return f"{table(header, rows)}\n\n{how}"


def needs(measured: dict[str, Any]) -> str:
    """What so many users need."""
    texts: list[tuple[str, Callable[[Plan], float]]] = [
        ("requests/s, mean", lambda each: each.mean_rate),
        ("requests/s, peak", lambda each: each.peak_rate),
        ("cores for the service", lambda each: each.service_cores),
        ("cores for log-ins", lambda each: each.login_cores),
        ("cores for the database", lambda each: each.database_cores),
        ("connections at work", lambda each: each.connections),
        ("tasks, million", lambda each: Space(each).tasks / 1e6),
        ("idempotency keys, million", lambda each: Space(each).keys / 1e6),
        ("tables of users and tasks, GB", lambda each: Space(each).table_bytes / 1e9),
        ("their indexes, GB", lambda each: Space(each).index_bytes / 1e9),
        ("idempotency keys with indexes, GB", lambda each: Space(each).key_bytes / 1e9),
        ("log for a task more, bytes", lambda each: Space(each).wal_bytes_of_add),
        ("the same with a key, bytes", lambda each: Space(each).wal_bytes_of_keyed_add),
        ("log (WAL) at the peak, MB/s", lambda each: Space(each).wal_rate / 1e6),
        ("answers at the peak, MB/s", lambda each: each.answers_rate / 1e6),
    ]
    return by_tier(tiers(measured), texts)


def passwords(measured: dict[str, Any]) -> str:
    """What log-ins take, beside everything else."""
    plan = tiers(measured)[-1]
    ratio = amount(plan.login_cores / plan.service_cores)
    return (
        f"What costs is passwords: bcrypt is slow on purpose, and takes {ratio} times the cores of "
        "everything else\nin the service, however many users there are. Log-ins by Better Auth, or "
        "a longer\n`JWT_EXPIRATION_HOURS`, take that away from here."
    )
