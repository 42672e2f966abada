"""CPU of the service, for docs/performance.md."""

from typing import Any

from loadtests.cpu import LIMIT_OF_KEYS
from loadtests.kinds import TEXTS
from loadtests.scaling.page.markdown import amount, table


def cpu(measured: dict[str, Any]) -> str:
    """Each kind of request, beside a constant answer."""
    names = ("service_us", "constant_us", "times_constant")
    service, constant, times = (measured[name] for name in names)
    rows = [
        (text, amount(service[kind]), amount(constant[kind]), f"{times[kind]:.1f}")
        for kind, text in TEXTS.items()
    ]
    header = ("request", "CPU µs", "of a constant answer", "times that")
    login = f"A sign-up or log-in is {measured['login_ms']:.0f} ms of CPU, all of it bcrypt's."
    return f"{table(header, rows)}\n\n{login} {measured['when']}; {measured['where']}."


def keyless(measured: dict[str, Any]) -> str:
    """What the header costs those who do not send it."""
    found, service = measured["keyless"], measured["service_us"]
    database = measured["database_us"]
    more = service["keyed_add"] / service["add"] - 1
    return (
        f"An addition without the header costs {found['ratio']:.2f} times what it costs in a "
        f"service that has\nno such header ({amount(found['service'])} and "
        f"{amount(found['other'])} µs of CPU, in turns). A test fails where that is more than\n"
        f"{LIMIT_OF_KEYS}. With the header it costs {more:.0%} more in the service, and in the "
        f"database {amount(database['keyed_add'])} µs\nin place of {amount(database['add'])}."
    )
