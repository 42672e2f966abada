"""From what was measured and what is assumed to the cores and connections of so many users."""

import math
from dataclasses import dataclass
from typing import Any

from loadtests.scaling.assumptions import Assumptions

DAY, MONTH = 86_400, 30 * 86_400  # seconds
TIERS = (1_000, 1_000_000, 100_000_000)  # users


@dataclass(frozen=True)
class Plan:
    """For so many users."""

    users: int
    measured: dict[str, Any]
    assumed: Assumptions

    def mean(self, kind: str) -> float:
        """Requests of a kind in a second, over the day."""
        return self.users * self.assumed.active * self.assumed.requests[kind] / DAY

    def peak(self, kind: str) -> float:
        """The same at the busiest moment."""
        return self.mean(kind) * self.assumed.peak

    @property
    def mean_rate(self) -> float:
        """Requests in a second, over the day."""
        return sum(map(self.mean, self.assumed.requests))

    @property
    def peak_rate(self) -> float:
        """Requests in a second, at the busiest moment."""
        return self.mean_rate * self.assumed.peak

    @property
    def add_rate(self) -> float:
        """Tasks added in a second at the busiest moment, with a key or without."""
        return self.peak("add") + self.peak("keyed_add")

    @property
    def login_rate(self) -> float:
        """Log-ins in a second, at the busiest moment."""
        active = self.users * self.assumed.active
        return active * self.assumed.logins / DAY * self.assumed.peak

    @property
    def service_cores(self) -> float:
        """For everything but log-ins."""
        return self._cores(self.measured["service_us"])

    @property
    def login_cores(self) -> float:
        """For bcrypt."""
        return self.login_rate * float(self.measured["login_ms"]) / 1000 / self.assumed.busy

    @property
    def database_cores(self) -> float:
        """Of the primary."""
        return self._cores(self.measured["database_us"])

    @property
    def workers(self) -> int:
        """Processes of the service: each can use one core."""
        return max(self.assumed.least_workers, math.ceil(self.service_cores))

    @property
    def connections(self) -> float:
        """At work at the busiest moment, on average (Little's law)."""
        trips = self.assumed.trips * self.assumed.trip_ms
        times: dict[str, float] = self.measured["database_ms"]
        return sum(self.peak(kind) * (times[kind] + trips) / 1000 for kind in times)

    @property
    def pool_of_worker(self) -> int:
        """Connections that a worker may open."""
        needed = self.assumed.headroom * self.connections / self.workers
        return max(self.assumed.least_pool, math.ceil(needed))

    @property
    def answers_rate(self) -> float:
        """Bytes of lists in a second at the busiest moment, with 20 tasks in each."""
        return self.peak("list") * float(self.measured["answer_bytes"])

    def _cores(self, microseconds: dict[str, float]) -> float:
        used = sum(self.peak(kind) * microseconds[kind] for kind in self.assumed.requests)
        return used / 1e6 / self.assumed.busy


def tiers(measured: dict[str, Any]) -> list[Plan]:
    """The plans that the page tells of."""
    return [Plan(users, measured, Assumptions()) for users in TIERS]
