"""docs/scaling.md says what follows from what was measured, and what can be tried is true."""

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from loadtests.scaling import plan, requests
from loadtests.scaling.__main__ import MEASURED, PAGE, page
from loadtests.scaling.assumptions import Assumptions
from loadtests.scaling.markdown import amount
from loadtests.scaling.tables import TABLES
from tests.contract import test_end_to_end
from tests.support import expect
from tests.support.people import add_user
from tests.support.program import Program
from tests.support.sql import Sql, new_database

TWO_MILLION = 2_000_000


def test_the_page_is_computed_from_the_measurements() -> None:
    assert PAGE.read_text() == page()
    for name in TABLES:
        assert PAGE.read_text().count(f"<!-- scaling:{name} -->") == 1


def test_a_plan_grows_with_its_users() -> None:
    measured = json.loads(MEASURED.read_text())
    one, two = (plan.Plan(users, measured, Assumptions()) for users in (10**6, TWO_MILLION))
    assert two.peak_rate == pytest.approx(2 * one.peak_rate)
    assert two.service_cores == pytest.approx(2 * one.service_cores)
    assert one.peak_rate == pytest.approx(10**6 * 0.2 * 40 / 86_400 * 5)
    assert one.login_cores == pytest.approx(
        10**6 * 0.2 / 86_400 * 5 * measured["login_ms"] / 1000 / 0.5
    )


def test_the_formula_for_page_images_agrees_with_what_was_counted() -> None:
    measured = json.loads(MEASURED.read_text())
    for kind, names in (("random", (plan.KEY, plan.LIST)), ("ordered", (plan.LIST,))):
        computed = plan.images_while_growing(measured, *names)
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
    start: Callable[..., Program], postgres: str
) -> None:
    url = new_database(postgres)
    measured = json.loads(MEASURED.read_text())
    assert requests.parts_touched(url) == measured["parts"]
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
        parts = "SELECT count(DISTINCT tableoid) FROM tasks WHERE user_id = $1"
        assert sql.value(parts, UUID(alice.id)) == 1
    service.stop()
    assert service.records("Traceback") == []
