"""The scenarios, named by the promise that they check, with their thresholds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing locust patches the standard library
    from locust.env import Environment

TASKS = "/api/tasks"
LOGIN = "/api/auth/login"
P95_LIMIT = float(os.environ.get("LOAD_P95", "200"))  # milliseconds
MAX_CONNECTIONS = 50  # the default of DB_POOL_SIZE

Statistic = Callable[["Environment"], float]


@dataclass(frozen=True)
class Threshold:
    """A statistic, and the least or greatest value that it may have."""

    name: str
    statistic: Statistic
    least: float = float("-inf")
    most: float = float("inf")

    def check(self, environment: Environment) -> tuple[bool, str]:
        """Whether the statistic is within the limits, and a line that says so."""
        value = self.statistic(environment)
        limit = f"<= {self.most:g}" if self.most < float("inf") else f">= {self.least:g}"
        held = self.least <= value <= self.most
        return held, f"{'ok  ' if held else 'FAIL'} {self.name}: {value:g} ({limit})"


@dataclass(frozen=True)
class Scenario:
    """Users of some classes of locustfile.py, at work together."""

    title: str
    classes: tuple[str, ...]
    users: int
    thresholds: tuple[Threshold, ...]
    shape: str = ""
    """The file of a LoadTestShape in this folder."""
    counts_connections: bool = False
    """Whether open database connections are counted meanwhile."""


def p95(environment: Environment) -> float:
    """The 95th percentile of GET /api/tasks in milliseconds."""
    return float(environment.stats.get(TASKS, "GET").get_response_time_percentile(0.95) or 0)


def failures(environment: Environment) -> float:
    """The number of failed requests."""
    return float(environment.stats.total.num_failures)


def requests(environment: Environment) -> float:
    """The number of requests."""
    return float(environment.stats.total.num_requests)


def created(environment: Environment) -> float:
    """The share of POST /api/tasks that succeeded."""
    entry = environment.stats.get(TASKS, "POST")
    return 1 - entry.fail_ratio if entry.num_requests else 0


def logins(environment: Environment) -> float:
    """The number of log-ins."""
    return float(environment.stats.get(LOGIN, "POST").num_requests)


SOME_REQUESTS = Threshold("requests", requests, least=1)
NO_FAILURES = Threshold("failed requests", failures, most=0)
FAST = Threshold("p95 of the list in ms", p95, most=P95_LIMIT)
SOUND = (SOME_REQUESTS, NO_FAILURES)

SCENARIOS = {
    "SC-001": Scenario("mixed work of 40 users", ("Worker",), 40, (*SOUND, FAST)),
    "SC-003": Scenario("no foreign data", ("Stranger",), 20, SOUND),
    "SC-004": Scenario("lists of 100 users at once", ("Reader",), 100, SOUND),
    "SC-005": Scenario(
        "creates of 20 users without pause",
        ("Creator",),
        20,
        (SOME_REQUESTS, Threshold("share of creates that succeed", created, least=0.999)),
    ),
    "SC-008": Scenario(
        f"at most {MAX_CONNECTIONS} database connections for 80 users who write",
        ("Creator",),
        80,
        SOUND,
        counts_connections=True,
    ),
    "storm": Scenario(
        "40 users at work while 8 log in without pause",
        ("Worker", "Returner"),
        48,
        (*SOUND, FAST, Threshold("log-ins", logins, least=1)),
    ),
    "spike": Scenario("from 20 users to 200 and back", ("Worker",), 200, SOUND, shape="spike.py"),
}
