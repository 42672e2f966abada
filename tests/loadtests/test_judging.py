"""How the load tests judge: an answer, the times of many, a promise."""

import json

import pytest

from loadtests import answers
from loadtests.people import Person
from loadtests.promises import PROMISES
from loadtests.results import Entry, Results
from loadtests.verdicts import Limits, isolated

ME = Person("1", "me@example.com", "token", ["a", "b"])


def tasks(*owners: str) -> bytes:
    return json.dumps({"tasks": [{"id": "a", "user_id": owner} for owner in owners]}).encode()


def test_a_list_of_my_own_tasks_passes() -> None:
    assert len(answers.check_list(tasks("1", "1", "1"), ME)) == 3


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (tasks("1", "2"), "isolation: shows a task of somebody else"),
        (tasks("1"), "the list is not complete"),
        (tasks(), "the list is not complete"),
        (b"{}", "the answer makes no sense"),
        (b"[]", "the answer makes no sense"),
        (b'{"tasks": [{}]}', "the answer makes no sense"),
        (b'{"tasks": null}', "the answer makes no sense"),
        (b"<html>", "the answer makes no sense"),
        (b"\xff", "the answer makes no sense"),
    ],
)
def test_any_other_list_does_not(content: bytes, fault: str) -> None:
    with pytest.raises(answers.Wrong, match=fault):
        answers.check_list(content, ME)


@pytest.mark.parametrize(
    ("found", "expected", "fault"),
    [
        (204, 403, "^isolation: answered 204, not 403"),
        (500, 403, "^answered 500, not 403"),
        (404, 200, "^answered 404, not 200"),
        (0, 200, "^answered nothing, not 200"),
    ],
)
def test_another_status_is_a_fault(found: int, expected: int, fault: str) -> None:
    with pytest.raises(answers.Wrong, match=fault):
        answers.check_status(found, expected)


def test_percentiles_are_those_of_all_entries_together() -> None:
    fast = Entry("GET", "/a", 90, 0, {1: 90}, 1)
    slow = Entry("GET", "/b", 10, 0, {500: 9, 700: 1}, 1)
    both = Results([fast], {}) + Results([slow], {})
    assert [both.percentile(share) for share in (0.5, 0.9, 0.91, 0.99, 1)] == [1, 1, 500, 500, 700]
    assert both.only(path="/b").percentile(0.5) == 500
    assert both.only(path="/c").percentile(0.5) == float("inf")


@pytest.mark.parametrize(
    ("errors", "held"),
    [
        ({}, True),
        ({"GET /api/tasks: answered 500, not 200": 1}, True),  # bad, but nobody else's data
        ({"GET /api/tasks/{id}: answered 500, not 403": 1}, False),
        ({"GET /api/tasks/{id}: isolation: answered 200, not 403": 1}, False),
        ({"GET /api/tasks: isolation: shows a task of somebody else": 1}, False),
    ],
)
def test_isolation_is_broken_by_data_and_by_any_answer_but_403(
    errors: dict[str, int], held: bool
) -> None:
    entry = Entry("GET", "/api/tasks", 10, sum(errors.values()), {1: 10}, 1)
    assert isolated(Results([entry], errors), Limits()).held is held


def test_silence_holds_no_promise() -> None:
    for promise in PROMISES:
        assert not promise.judge(Results([], {}), Limits()).held
