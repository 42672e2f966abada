"""Verdicts: what was measured, and whether that is what was promised."""

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.answers import ISOLATION
from loadtests.results import Results

CONNECTIONS = 50  # DB_POOL_SIZE, unless somebody sets it
CREATED = 0.999


@dataclass(frozen=True)
class Limits:
    """What somebody may choose on the command line."""

    p95: float = 200  # milliseconds


@dataclass(frozen=True)
class Verdict:
    """What was measured, and whether that is what was promised."""

    measured: str
    held: bool | None
    """None where it was not tried."""


def _verdict(results: Results, measured: str, *, held: bool) -> Verdict:
    """No promise is held by silence, nor by errors."""
    if not results.requests:
        return Verdict("no answer at all", held=False)
    if results.failures:
        measured += f", {results.failures:,} of {results.requests:,} failed"
    return Verdict(measured, held and not results.failures)


def without_error(results: Results, _: Limits) -> Verdict:
    """Every answer is as it should be."""
    return _verdict(results, f"{results.requests:,} answers", held=True)


def fast(results: Results, limits: Limits) -> Verdict:
    """95 % of all answers about tasks come in time."""
    p95 = results.only(path="/api/tasks").percentile(0.95)
    return _verdict(results, f"{p95:.0f} ms, {results.rate:.0f} requests/s", held=p95 < limits.p95)


def fast_in_storm(results: Results, limits: Limits) -> Verdict:
    """They do even while others log in."""
    verdict = fast(results, limits)
    logins = results.only(path="/api/auth/login")
    measured = f"{verdict.measured}, {logins.rate:.1f} logins/s"
    return Verdict(measured, held=bool(verdict.held and logins.requests))


def created(results: Results, _: Limits) -> Verdict:
    """Adding a task succeeds, nearly always at the least."""
    added = results.only(method="POST")
    if not added.requests:
        return Verdict("no answer at all", held=False)
    share = 1 - added.failures / added.requests
    return Verdict(f"{share:.2%} of {added.requests:,} tasks", held=share >= CREATED)


def isolated(results: Results, _: Limits) -> Verdict:
    """Nobody gets to see or touch what is somebody else's, in any answer of any load."""
    leaks, odd = results.errors_with(ISOLATION), results.errors_with("not 403")
    answers = results.requests - results.failures + leaks
    measured = f"{leaks:,} of {answers:,} answers"
    if odd:
        measured += f", {odd:,} times no 403"
    return Verdict(measured, held=answers > 0 and not leaks and not odd)


def connected(results: Results, _: Limits) -> Verdict:
    """All connections were seen in use at one time, and never more than that were open."""
    found = results.in_use
    if found is None:
        return Verdict("not tried: needs --database", held=None)
    held = found.most == CONNECTIONS and found.open <= CONNECTIONS
    return _verdict(results, f"{found.most} in use, {found.open} open", held=held)


Judge = Callable[[Results, Limits], Verdict]
