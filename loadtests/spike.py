"""A spike: a tenth of the users, all of them in the middle third of the time, a tenth again."""

from typing import Any

from locust import LoadTestShape


class Spike(LoadTestShape):
    """`--users` is the height, `--run-time` the length."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """The number of users now, and how many are added a second."""
        options: Any = self.runner.environment.parsed_options if self.runner else None
        moment = self.get_run_time() / options.run_time  # type: ignore[no-untyped-call]
        if moment >= 1:
            return None
        users = options.num_users if 1 / 3 <= moment < 2 / 3 else options.num_users // 10
        return max(1, users), options.num_users
