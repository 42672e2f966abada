"""The promises: for each a load, a threshold, and how to tell whether it was held."""

from dataclasses import dataclass

from loadtests.verdicts import (
    CONNECTIONS,
    CREATED,
    Judge,
    connected,
    created,
    fast,
    fast_in_storm,
    isolated,
    without_error,
)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One line of the table."""

    name: str
    text: str
    threshold: str
    users: tuple[str, ...]
    """Classes of users.py."""
    count: int
    judge: Judge
    shape: str = ""
    everywhere: bool = False
    """Judged on the answers of every load, not only on its own."""
    watched: bool = False
    """Database connections are counted meanwhile."""
    usual: bool = True
    """Part of a run in which nobody says what to try."""


PROMISES = (
    Promise(
        name="SC-001",
        text="mixed work of 40 people: p95",
        threshold="< {p95:.0f} ms",
        users=("Worker",),
        count=40,
        judge=fast,
    ),
    Promise(
        name="SC-003",
        text="answers with somebody else's data, in all loads",
        threshold="none",
        users=("Stranger",),
        count=20,
        judge=isolated,
        everywhere=True,
    ),
    Promise(
        name="SC-004",
        text="lists for 100 people at once",
        threshold="no error",
        users=("Reader",),
        count=100,
        judge=without_error,
    ),
    Promise(
        name="SC-005",
        text="tasks created by 20 people without pause",
        threshold=f"≥ {CREATED:.1%}",
        users=("Planner",),
        count=20,
        judge=created,
    ),
    Promise(
        name="SC-008",
        text="database connections in use at once",
        threshold=f"{CONNECTIONS}, no error",
        users=("Planner",),  # each writes for itself: what reads may share, writes may not
        count=80,
        judge=connected,
        watched=True,
    ),
    Promise(
        name="storm",
        text="p95 of 40 people at work while 8 log in without pause",
        threshold="< {p95:.0f} ms",
        users=("Worker", "Returner"),  # five to one, by their weights
        count=48,
        judge=fast_in_storm,
    ),
    Promise(
        name="spike",
        text="from 20 people to 200 and back in a moment",
        threshold="no error",
        users=("Worker",),
        count=200,
        judge=without_error,
        shape="spike",
    ),
    Promise(
        name="stairs",
        text="up to 500 people at work in five steps",
        threshold="no error",
        users=("Worker",),
        count=500,
        judge=without_error,
        shape="stairs",
        usual=False,
    ),
    Promise(
        name="soak",
        text="all kinds of load for long: p95 of the tasks",
        threshold="< {p95:.0f} ms",
        users=(),
        count=40,
        judge=fast,
        shape="soak",
        usual=False,
    ),
)
