"""From what was measured and what is assumed to what so many users need."""

import math
from dataclasses import dataclass
from typing import Any

from loadtests.scaling import storage
from loadtests.scaling.assumptions import Assumptions

DAY, MONTH = 86_400, 30 * 86_400  # seconds
PAGE = 8_192  # bytes
SERVICE = {"list": "list_us", "read": "list_us", "add": "add_us", "change": "change_us"}
TABLE, KEY, LIST = "tasks", "tasks_pkey", "tasks_list_idx"


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
    def login_rate(self) -> float:
        """Log-ins in a second, at the busiest moment."""
        active = self.users * self.assumed.active
        return active * self.assumed.logins / DAY * self.assumed.peak

    @property
    def service_cores(self) -> float:
        """For everything but log-ins."""
        service = self.measured["service"]
        return self._cores({kind: service[name] for kind, name in SERVICE.items()})

    @property
    def login_cores(self) -> float:
        """For bcrypt."""
        return self.login_rate * float(self.measured["login_ms"]) / 1000 / self.assumed.busy

    @property
    def database_cores(self) -> float:
        """Of the primary."""
        return self._cores(self.measured["database_us"])

    @property
    def connections(self) -> float:
        """At work at the busiest moment, on average (Little's law)."""
        trips = self.assumed.trips * self.assumed.trip_ms
        times: dict[str, float] = self.measured["database_ms"]
        return sum(self.peak(kind) * (times[kind] + trips) / 1000 for kind in times)

    @property
    def tasks(self) -> float:
        """In the table."""
        return self.users * self.assumed.tasks

    @property
    def table_bytes(self) -> float:
        """Of both tables, without their indexes."""
        sizes = self.measured["random"]
        return self.tasks * float(sizes[TABLE]) + self.users * float(sizes["users"])

    @property
    def index_bytes(self) -> float:
        """Of all indexes."""
        sizes = self.measured["random"]
        of_tasks = self.tasks * (sizes[KEY] + sizes[LIST])
        return float(of_tasks + self.users * (sizes["users_pkey"] + sizes["users_email_key"]))

    @property
    def wal_bytes_of_add(self) -> float:
        """Write-ahead log of one more task, with its page images, at the busiest moment."""
        between = self.peak("add") * self.assumed.checkpoint_s
        alone: float = self.measured["wal_without_images"]
        return alone + self._images(between) * image(self.measured)

    @property
    def wal_rate(self) -> float:
        """Bytes in a second at the busiest moment; a change is taken for an addition."""
        return (self.peak("add") + self.peak("change")) * self.wal_bytes_of_add

    @property
    def answers_rate(self) -> float:
        """Bytes of lists in a second at the busiest moment, with 20 tasks in each."""
        return self.peak("list") * float(self.measured["answer_bytes"])

    def _cores(self, microseconds: dict[str, float]) -> float:
        used = sum(self.peak(kind) * microseconds[kind] for kind in microseconds)
        return used / 1e6 / self.assumed.busy

    def _images(self, between: float) -> float:
        """Of random pages: of both indexes, and of the owner's row that the insert locks."""
        sizes = self.measured["random"]
        pages = [self.tasks * sizes[name] / PAGE for name in (KEY, LIST)]
        return sum(images(each, between) for each in (*pages, self.users * sizes["users"] / PAGE))


def images(pages: float, between: float) -> float:
    """How many of `between` random touches are the first of their page, for each of them."""
    return pages / between * -math.expm1(-between / pages)


def image(measured: dict[str, Any]) -> float:
    """Bytes of one page's image in the log, without its empty part."""
    random = measured["random"]
    return float((random["wal"] - measured["wal_without_images"]) / random["images"])


def images_while_growing(measured: dict[str, Any], *random_indexes: str) -> float:
    """What the formula gives for the measurement itself, in which the table grows from nothing."""
    sizes, between = measured["random"], storage.BETWEEN_CHECKPOINTS
    grown = [
        sum(images(tasks * sizes[name] / PAGE, between) for name in random_indexes)
        for tasks in range(between, storage.TASKS + 1, between)
    ]
    return sum(grown) / len(grown) + images(storage.USERS * sizes["users"] / PAGE, between)
