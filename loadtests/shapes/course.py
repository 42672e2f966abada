"""What all shapes have in common: `-u` is the height, `-t` the length."""

from abc import abstractmethod
from typing import Any

from locust import LoadTestShape

DEFAULT_USERS, DEFAULT_SECONDS = 100, 60


class Course(LoadTestShape):
    """The number of users over the time of a run."""

    abstract = True
    use_common_options = True

    @abstractmethod
    def height(self, moment: float) -> float:
        """The share of all users that is there at a moment between 0 and 1."""

    def tick(self) -> tuple[int, float] | None:
        """Locust asks every second: how many users, and how many more a second."""
        options: Any = self.runner.environment.parsed_options if self.runner else None
        moment = self.get_run_time() / (options.run_time or DEFAULT_SECONDS)  # type: ignore[no-untyped-call]
        if moment >= 1:
            return None
        most = options.num_users or DEFAULT_USERS
        return max(1, round(most * self.height(moment))), most
