"""What is assumed, because nobody can measure it here: to be replaced by one's own numbers."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Assumptions:
    """Of the people, of the machines, and of the network."""

    active: float = 0.2
    lists: float = 28
    reads: float = 4
    adds: float = 4
    changes: float = 4
    logins: float = 1
    tasks: float = 20
    peak: float = 5
    busy: float = 0.5
    trip_ms: float = 1.0
    trips: float = 1
    checkpoint_s: float = 300

    @property
    def requests(self) -> dict[str, float]:
        """Of an active user on one day, by kind."""
        return {
            "list": self.lists,
            "read": self.reads,
            "add": self.adds,
            "change": self.changes,
        }

    def rows(self) -> list[tuple[str, str]]:
        """What each is, and its value."""
        return [(TEXTS[each.name], f"{getattr(self, each.name):g}") for each in fields(self)]


TEXTS = {
    "active": "share of the users who come on one day",
    "lists": "lists that one of them looks at on that day",
    "reads": "single tasks read",
    "adds": "tasks added",
    "changes": "tasks changed or deleted",
    "logins": "log-ins with a password (1 with tokens of 24 hours; 0 where Better Auth does them)",
    "tasks": "tasks that a user keeps; a list shows them all",
    "peak": "requests at the busiest moment, as a multiple of the day's mean",
    "busy": "share of a core that may be in use at that moment",
    "trip_ms": "milliseconds for a round trip from the service to the database",
    "trips": "round trips for a request (4 behind a pooler in transaction mode)",
    "checkpoint_s": "seconds between two checkpoints of PostgreSQL (its default)",
}
