"""The tables of docs/scaling.md, as they follow from what was measured."""

from collections.abc import Callable
from typing import Any

from loadtests.scaling import plan
from loadtests.scaling.assumptions import Assumptions
from loadtests.scaling.markdown import amount, table
from loadtests.scaling.plan import Plan

TIERS = (1_000, 1_000_000, 100_000_000)  # users
LIMITS = {"Neon, 0.25 CU": 104, "Neon, 1 CU": 419}  # max_connections
RESERVED = 10  # of them for superusers and for an operator's psql
POOLS = (5, 10, 20, 50)


def assumptions(_: dict[str, Any]) -> str:
    """What is assumed."""
    return table(("assumed", "value"), Assumptions().rows())


def inputs(measured: dict[str, Any]) -> str:
    """What everything is computed from."""
    service, cpu, ms = measured["service"], measured["database_us"], measured["database_ms"]
    rows = [
        ("list of 20 tasks", amount(service["list_us"]), amount(cpu["list"]), amount(ms["list"])),
        ("one task", "as a list, at most", amount(cpu["read"]), amount(ms["read"])),
        ("a task more", amount(service["add_us"]), amount(cpu["add"]), amount(ms["add"])),
        ("a change", amount(service["change_us"]), amount(cpu["change"]), amount(ms["change"])),
        ("a log-in (bcrypt)", amount(measured["login_ms"] * 1000), "", ""),
    ]
    header = ("request", "service, CPU µs", "database, CPU µs", "in the database, ms")
    how = f"{measured['when']}; {measured['where']}."
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
        ("tasks, million", lambda each: each.tasks / 1e6),
        ("tables, GB", lambda each: each.table_bytes / 1e9),
        ("their indexes, GB", lambda each: each.index_bytes / 1e9),
        ("log for one task more, bytes", lambda each: each.wal_bytes_of_add),
        ("log (WAL) at the peak, MB/s", lambda each: each.wal_rate / 1e6),
        ("answers at the peak, MB/s", lambda each: each.answers_rate / 1e6),
    ]
    return _by_tier(measured, texts)


def quantities(measured: dict[str, Any]) -> str:
    """What a bill is made of, in a month."""
    hours = plan.MONTH / 3600

    def of_month(rate: float, each: Plan) -> float:
        return rate / each.assumed.peak * plan.MONTH / 1e9

    return _by_tier(
        measured,
        [
            ("A: core-hours of the service", lambda each: each.service_cores * hours),
            ("B: core-hours of log-ins", lambda each: each.login_cores * hours),
            ("C: core-hours of the primary", lambda each: each.database_cores * hours),
            ("D: GB stored", lambda each: (each.table_bytes + each.index_bytes) / 1e9),
            ("E: GB of log", lambda each: of_month(each.wal_rate, each)),
            ("F: GB of answers", lambda each: of_month(each.answers_rate, each)),
        ],
    )


def pools(_: dict[str, Any]) -> str:
    """How many replicas fit under a provider's limit."""
    rows = [
        (name, str(limit), *(str((limit - RESERVED) // size) for size in POOLS))
        for name, limit in LIMITS.items()
    ]
    rows.append(("its pooler", "10,000", *(f"{10_000 // size:,}" for size in POOLS)))
    sizes = (f"replicas with `DB_POOL_SIZE={size}`" for size in POOLS)
    return table(("", "connections", *sizes), rows)


def bytes_of(measured: dict[str, Any]) -> str:
    """What a user and a task take."""
    sizes = measured["random"]
    texts = {
        "a user": ("users", ("users_pkey", "users_email_key")),
        "a task": ("tasks", ("tasks_pkey", "tasks_list_idx")),
    }
    rows = []
    for name, (heap, indexes) in texts.items():
        of_indexes = sum(sizes[index] for index in indexes)
        packed = sum(sizes[f"{index}_packed"] for index in indexes)
        cells = (sizes[heap], of_indexes, packed, sizes[heap] + of_indexes)
        rows.append((name, *(f"{cell:.0f}" for cell in cells)))
    header = ("bytes", "row", "its index entries", "the same after `REINDEX`", "in all")
    return table(header, rows)


def keys(measured: dict[str, Any]) -> str:
    """Random keys beside ordered ones."""
    all_ = [measured[name] for name in ("random", "ordered", "compressed")]
    random = plan.images_while_growing(measured, plan.KEY, plan.LIST)
    ordered = plan.images_while_growing(measured, plan.LIST)
    rows = [
        ("tasks inserted in a second", *(f"{each['rate']:,.0f}" for each in all_)),
        ("primary key, bytes a task", *(f"{each[plan.KEY]:.0f}" for each in all_)),
        ("how full its pages are", *(f"{each['density']:.0f} %" for each in all_)),
        ("pages written for a task", *(f"{each['pages']:.1f}" for each in all_)),
        ("page images in the log for a task", *(f"{each['images']:.2f}" for each in all_)),
        ("the same by the formula", *(f"{each:.2f}" for each in (random, ordered, random))),
        ("bytes of log for a task", *(f"{each['wal']:,.0f}" for each in all_)),
    ]
    header = ("", "random (version 4)", "ordered (as version 7)", "random, `wal_compression = lz4`")
    return table(header, rows)


def room(measured: dict[str, Any]) -> str:
    """Changes on full pages, and on pages that were left some room."""
    both = (measured["full_pages"], measured["pages_with_room"])
    rows = [
        ("changes that touch no index", *(f"{each['hot']:.0%}" for each in both)),
        ("CPU in the database, µs", *(f"{each['us']:.0f}" for each in both)),
    ]
    return table(("", "full pages", "`fillfactor = 90`"), rows)


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
    return table(header, rows)


def parts(measured: dict[str, Any]) -> str:
    """How much of a table divided by owner each statement touches."""
    rows = [(name, str(count)) for name, count in measured["parts"].items()]
    return table(("statement", "of 16 parts touched"), rows)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "assumptions": assumptions,
    "inputs": inputs,
    "needs": needs,
    "quantities": quantities,
    "pools": pools,
    "bytes": bytes_of,
    "keys": keys,
    "room": room,
    "commits": commits,
    "parts": parts,
}


def _by_tier(measured: dict[str, Any], texts: list[tuple[str, Callable[[Plan], float]]]) -> str:
    plans = [Plan(users, measured, Assumptions()) for users in TIERS]
    rows = [(text, *(amount(figure(each)) for each in plans)) for text, figure in texts]
    return table(("users", *(f"{users:,}" for users in TIERS)), rows)
