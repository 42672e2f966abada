"""With NO_SKIPS set, a test that is skipped fails: what CI did not try must not look tried."""

import os
import re
from collections.abc import Generator
from typing import NamedTuple, TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


class Allowed(NamedTuple):
    """Tests, and the beginning of the reason that they may be skipped for."""

    tests: str
    reason: str


ALLOWED = (
    # nginx answers these itself, and tests/deploy/test_nginx.py says how.
    Allowed(r"tests/deploy/test_nginx_contract\.py", "nginx refuses this by itself"),
    # The fleet's replicas run already: these tests want a service to start or to break.
    Allowed(r"tests/contract/", "starts a service of its own"),
    # Python may live in root's own home, which nobody else can look into.
    Allowed(
        r"tests/embedded/test_postgres_as_root\.py::test_runs_as_an_ordinary_user$",
        "an ordinary user cannot read",
    ),
    # A machine in a container takes control groups that belong to a systemd which runs this one.
    Allowed(r"tests/deploy/test_(unit|small_host)\.py", "systemd runs this machine"),
)


def is_allowed(test: str, reason: str) -> bool:
    """Whether this test may be skipped for this reason, in CI too."""
    return any(
        re.match(each.tests, test) and reason.removeprefix("Skipped: ").startswith(each.reason)
        for each in ALLOWED
    )


class NoSkips:
    """A plugin of pytest's that has tests fail, and modules, where they would be skipped."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return judged((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        return judged((yield))


def judged(report: Report) -> Report:
    """The report, which is one of a failure where it was one of a skip that is not allowed."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not is_allowed(report.nodeid, reason):
            report.outcome = "failed"
            report.longrepr = f"NO_SKIPS is set, and this would be skipped: {reason}"
    return report


def forbid(config: pytest.Config) -> None:
    """Have it done, if the environment says so."""
    if os.environ.get("NO_SKIPS"):
        config.pluginmanager.register(NoSkips())
