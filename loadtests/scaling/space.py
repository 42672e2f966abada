"""What so many users take on disk, and in the log."""

import math
from dataclasses import dataclass
from typing import Any

from loadtests.scaling import storage
from loadtests.scaling.plan import Plan

PAGE = 8_192  # bytes
TABLE, KEY, LIST = "tasks", "tasks_pkey", "tasks_list_idx"
KEYS = "idempotency_keys"
KEYS_INDEXES = (f"{KEYS}_pkey", f"{KEYS}_created_at_idx")


@dataclass(frozen=True)
class Space:
    """Of a plan."""

    plan: Plan

    @property
    def tasks(self) -> float:
        """In the table."""
        return self.plan.users * self.plan.assumed.tasks

    @property
    def keys(self) -> float:
        """Idempotency keys: those of one day."""
        assumed = self.plan.assumed
        return self.plan.users * assumed.active * assumed.requests["keyed_add"]

    @property
    def table_bytes(self) -> float:
        """Of users and tasks, without their indexes."""
        return self.tasks * self._size(TABLE) + self.plan.users * self._size("users")

    @property
    def index_bytes(self) -> float:
        """Of the indexes of both."""
        of_users = self._size("users_pkey") + self._size("users_email_key")
        return self.tasks * (self._size(KEY) + self._size(LIST)) + self.plan.users * of_users

    @property
    def key_bytes(self) -> float:
        """Of the idempotency keys, with their indexes."""
        sizes = self.plan.measured["keyed"]
        return float(self.keys * sum(sizes[name] for name in (KEYS, *KEYS_INDEXES)))

    @property
    def bytes(self) -> float:
        """In all."""
        return self.table_bytes + self.index_bytes + self.key_bytes

    @property
    def images_of_add(self) -> float:
        """Whole pages in the log for a task more, at the busiest moment."""
        return self._images(KEY, LIST)

    @property
    def wal_bytes_of_add(self) -> float:
        """Write-ahead log of a task more, with its page images, at the busiest moment."""
        measured = self.plan.measured
        return float(measured["wal_without_images"] + self.images_of_add * image(measured))

    @property
    def wal_bytes_of_keyed_add(self) -> float:
        """The same with an Idempotency-Key, and with an expired one swept away."""
        measured = self.plan.measured
        pages = self.keys * measured["keyed"][KEYS_INDEXES[0]] / PAGE
        more = images(pages, self._between) if self.keys else 0
        return float(measured["keyed"]["wal"] + (self.images_of_add + more) * image(measured))

    @property
    def wal_rate(self) -> float:
        """Bytes in a second at the busiest moment; a change is taken for an addition."""
        plan = self.plan
        plain = plan.peak("add") + plan.peak("change")
        return plain * self.wal_bytes_of_add + plan.peak("keyed_add") * self.wal_bytes_of_keyed_add

    @property
    def _between(self) -> float:
        """Additions between two checkpoints, at the busiest moment."""
        return self.plan.add_rate * self.plan.assumed.checkpoint_s

    def _size(self, name: str) -> float:
        return float(self.plan.measured["random"][name])

    def _images(self, *indexes: str) -> float:
        """Of random pages: of these indexes, and of the owner's row that the insert locks."""
        pages = [self.tasks * self._size(name) / PAGE for name in indexes]
        pages.append(self.plan.users * self._size("users") / PAGE)
        return sum(images(each, self._between) for each in pages)


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
