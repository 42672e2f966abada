"""docs/scaling.md says what follows from what was measured, and what can be tried is true."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from loadtests.scaling import parts, space
from loadtests.scaling.__main__ import MEASURED, PAGES, filled_in
from loadtests.scaling.assumptions import PRICES, Assumptions
from loadtests.scaling.bill import Bill
from loadtests.scaling.page import CONTENTS, limits
from loadtests.scaling.page.markdown import SLOTS, amount
from loadtests.scaling.plan import Plan
from loadtests.scaling.space import Space
from tests.contract import test_end_to_end
from tests.support import expect
from tests.support.program import Program
from tests.support.sql import Sql, new_database
from tests.support.users import add_user

TWO_MILLION = 2_000_000
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
NO_MEASUREMENTS = {"403", "404", "500", "4", "19"}  # statuses; version 4, PostgreSQL 19


@pytest.fixture(scope="module")
def measured() -> Any:
    return json.loads(MEASURED.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_are_computed_from_the_measurements(page: Path) -> None:
    assert page.read_text() == filled_in(page)


def test_each_figure_stands_on_one_page() -> None:
    found = [slot[1] for page in PAGES for slot in SLOTS.finditer(page.read_text())]
    assert sorted(found) == sorted(CONTENTS)


def test_nobody_has_typed_a_figure_into_the_plan() -> None:
    prose = CODE.sub("", SLOTS.sub("", PAGES[0].read_text()))
    assert {*re.findall(r"\d+(?:[.,]\d+)*", prose)} <= NO_MEASUREMENTS


def test_a_plan_grows_with_its_users(measured: Any) -> None:
    one, two = (Plan(users, measured, Assumptions()) for users in (10**6, TWO_MILLION))
    assert two.peak_rate == pytest.approx(2 * one.peak_rate)
    assert two.service_cores == pytest.approx(2 * one.service_cores)
    assert one.peak_rate == pytest.approx(10**6 * 0.2 * 40 / 86_400 * 5)
    assert one.login_cores == pytest.approx(
        10**6 * 0.2 / 86_400 * 5 * measured["login_ms"] / 1000 / 0.5
    )


def test_idempotency_keys_are_in_every_sum(measured: Any) -> None:
    sent = Plan(10**8, measured, Assumptions())
    none = replace(sent, assumed=replace(sent.assumed, keyed=0))
    assert Space(sent).keys == 10**8 * 0.2 * 4
    assert Space(none).keys == Space(none).key_bytes == 0
    assert sent.peak_rate == pytest.approx(none.peak_rate)
    for figure in (
        lambda plan: plan.service_cores,
        lambda plan: plan.database_cores,
        lambda plan: Space(plan).bytes,
        lambda plan: Space(plan).wal_rate,
        lambda plan: Bill(plan).total[0],
    ):
        assert figure(sent) > figure(none)


def test_pools_fit_under_a_limit_or_do_not(measured: Any) -> None:
    rows = [line.strip("| ").split(" | ") for line in limits.pools(measured).splitlines()]
    cells = {name: found for name, *found in rows}
    at_once = [int(cell.replace(",", "")) for cell in cells["connections in all"]]
    assert cells["fit PostgreSQL's default (100)"] == [
        "yes" if each <= 90 else "no" for each in at_once
    ]
    assert at_once[0] == 2 * 5
    assert [limits.of_memory(gib) for gib in (1, 16, 1024)] == [112, 1802, 5000]


def test_a_bill_is_quantities_times_prices(measured: Any) -> None:
    bill = Bill(Plan(1_000, measured, Assumptions()))
    assert bill.quantities["database"] == 2 * 0.25  # nothing smaller is to be had
    lows = sum(bill.quantities[name] * price.low for name, price in PRICES.items())
    assert bill.total[0] == pytest.approx(lows)
    assert bill.total[0] < bill.total[1]


def test_the_formula_for_page_images_agrees_with_what_was_counted(measured: Any) -> None:
    for kind, names in (("random", (space.KEY, space.LIST)), ("ordered", (space.LIST,))):
        computed = space.images_while_growing(measured, *names)
        assert computed == pytest.approx(measured[kind]["images"], rel=0.2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.00463, "0.0046"),
        (0.96, "0.96"),
        (1.04, "1.0"),
        (99.6, "100"),
        (123.4, "123"),
        (46296.3, "46,300"),
    ],
)
def test_an_amount_is_for_people(value: float, text: str) -> None:
    assert amount(value) == text


def test_the_service_runs_on_tasks_divided_by_owner(
    start: Callable[..., Program], postgres: str, measured: Any
) -> None:
    url = new_database(postgres)
    assert parts.touched(url) == measured["parts"]
    service = start(url)
    with httpx.Client(base_url=service.url, timeout=20) as http, Sql(url) as sql:
        test_end_to_end.test_two_people_keep_their_lists(http)
        alice, bob = add_user(sql, http), add_user(sql, http)
        tasks = [alice.add(f"task {number}") for number in range(20)]
        assert [each["id"] for each in alice.tasks()] == [each["id"] for each in tasks[::-1]]
        path = f"/api/tasks/{tasks[0]['id']}"
        for ask in (bob.get, bob.delete):
            expect.error(ask(path), 403, "Access denied")
        assert alice.delete(path).status_code == 204
        expect.error(alice.get(path), 404, "Task not found")
        of_alice = "SELECT count(DISTINCT tableoid) FROM tasks WHERE user_id = $1"
        assert sql.value(of_alice, UUID(alice.id)) == 1
    service.stop()
    assert service.records("Traceback") == []
