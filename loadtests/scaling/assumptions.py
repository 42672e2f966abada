"""What is assumed, because nobody can measure it here: to be replaced by one's own numbers."""

from dataclasses import dataclass, fields

PRICED = "November 2026"


@dataclass(frozen=True)
class Assumptions:
    """Of the people, of the machines, and of the network."""

    active: float = 0.2
    lists: float = 28
    reads: float = 4
    adds: float = 4
    keyed: float = 1
    changes: float = 4
    logins: float = 1
    tasks: float = 20
    peak: float = 5
    busy: float = 0.5
    least_workers: int = 2
    trip_ms: float = 1.0
    trips: float = 1
    headroom: float = 2
    least_pool: int = 5
    reserved: int = 10
    checkpoint_s: float = 300
    standbys: int = 1
    backup_days: float = 7
    smallest: float = 0.25

    @property
    def requests(self) -> dict[str, float]:
        """Of an active user on one day, by kind."""
        return {
            "list": self.lists,
            "read": self.reads,
            "add": self.adds * (1 - self.keyed),
            "keyed_add": self.adds * self.keyed,
            "change": self.changes,
        }

    def rows(self) -> list[tuple[str, str]]:
        """What each is, and its value."""
        return [(TEXTS[each.name], f"{getattr(self, each.name):g}") for each in fields(self)]


@dataclass(frozen=True)
class Price:
    """Of one unit, in US dollars."""

    unit: str
    low: float
    high: float
    such_as: str


TEXTS = {
    "active": "share of the users who come on one day",
    "lists": "lists that one of them looks at on that day",
    "reads": "single tasks read",
    "adds": "tasks added",
    "keyed": "share of them with an `Idempotency-Key` (our examples always send one)",
    "changes": "tasks changed or deleted",
    "logins": "log-ins with a password (1 with tokens of 24 hours; 0 where Better Auth does them)",
    "tasks": "tasks that a user keeps; a list shows them all",
    "peak": "requests at the busiest moment, as a multiple of the day's mean",
    "busy": "share of a core that may be in use at that moment",
    "least_workers": "workers at least, so that one may be restarted",
    "trip_ms": "milliseconds for a round trip from the service to the database",
    "trips": "round trips for a request (4 behind a pooler in transaction mode)",
    "headroom": "connections of a pool, as a multiple of those at work at the busiest moment",
    "least_pool": "connections of a worker's pool at least",
    "reserved": "connections left for superusers and for an operator's psql",
    "checkpoint_s": "seconds between two checkpoints of PostgreSQL (its default)",
    "standbys": "standbys of the primary",
    "backup_days": "days for which the log is kept, to restore any moment of them",
    "smallest": "cores of the smallest machine to be had",
}
# Orders of magnitude, no offers: Neon's and Fargate's as published, the others rough.
PRICES = {
    "service": Price(
        "a core for the service, with 2 GB of memory, a month",
        5,
        36,
        "a small virtual machine; AWS Fargate",
    ),
    "database": Price(
        "a core for PostgreSQL, with 4 GB of memory, a month",
        10,
        162,
        "the same machine, looked after by yourself; Neon's plan Scale",
    ),
    "stored": Price("a GB in the database, a month", 0.05, 0.35, "a volume; Neon"),
    "backup": Price("a GB of log that is kept, a month", 0.02, 0.2, "object storage; Neon"),
    "traffic": Price("a GB of answers", 0.001, 0.09, "a cheap host; AWS"),
    "pooler": Price(
        "a pooler, for each core of the primary, a month", 0, 11, "PgBouncer, Neon's; RDS Proxy"
    ),
}
