"""What so many users cost in a month, at the prices that are assumed."""

from dataclasses import dataclass

from loadtests.scaling.assumptions import PRICES
from loadtests.scaling.plan import MONTH, Plan
from loadtests.scaling.space import Space


@dataclass(frozen=True)
class Bill:
    """Of a plan, whose cores are kept for the busiest moment all month long."""

    plan: Plan

    @property
    def quantities(self) -> dict[str, float]:
        """How much of what has a price."""
        plan, space, assumed = self.plan, Space(self.plan), self.plan.assumed
        service = max(assumed.least_workers * assumed.smallest, plan.service_cores)
        primary = max(assumed.smallest, plan.database_cores)
        copies = 1 + assumed.standbys
        kept = assumed.backup_days * 86_400 / MONTH
        return {
            "service": service + plan.login_cores,
            "database": copies * primary,
            "stored": copies * space.bytes / 1e9,
            "backup": self._of_month(space.wal_rate) * kept,
            "traffic": self._of_month(plan.answers_rate),
            "pooler": primary,
        }

    def range_of(self, name: str) -> tuple[float, float]:
        """US dollars at the low price and at the high one."""
        quantity, price = self.quantities[name], PRICES[name]
        return quantity * price.low, quantity * price.high

    @property
    def total(self) -> tuple[float, float]:
        """The same of everything."""
        lows, highs = zip(*map(self.range_of, PRICES), strict=True)
        return sum(lows), sum(highs)

    def _of_month(self, rate: float) -> float:
        """GB, from bytes in a second at the busiest moment."""
        return rate / self.plan.assumed.peak * MONTH / 1e9
