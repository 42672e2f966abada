"""PUT /api/tasks/{id}: what is sent is changed, and nothing else."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.users import User

SAME = {"id", "user_id", "created_at"}


@pytest.fixture
def task(alice: User) -> dict[str, Any]:
    return alice.add("Buy milk", description="2 litres")


def change(user: User, task: dict[str, Any], body: object) -> httpx.Response:
    return user.put(f"/api/tasks/{task['id']}", json=body)


def moment(task: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(task["updated_at"])


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Buy bread"},
        {"description": "3 litres"},
        {"description": None},
        {"description": ""},
        {"completed": True},
        {"completed": False},
        {"title": "Buy bread", "completed": True},
        {"title": "Buy bread", "description": None, "completed": True},
        {},
    ],
)
def test_only_what_is_sent_is_changed(
    alice: User, task: dict[str, Any], changes: dict[str, Any]
) -> None:
    changed = expect.task(change(alice, task, changes))
    assert changed == task | changes | {"updated_at": changed["updated_at"]}
    assert alice.tasks() == [changed]


@pytest.mark.parametrize(
    "changes", [{}, {"title": "Buy milk"}, {"completed": False}, {"unknown": 1}]
)
def test_updated_at_moves_even_when_nothing_changes(
    alice: User, task: dict[str, Any], changes: dict[str, Any]
) -> None:
    once = expect.task(change(alice, task, changes))
    twice = expect.task(change(alice, task, changes))
    assert moment(task) < moment(once) < moment(twice)
    assert twice["created_at"] == task["created_at"]


def test_a_task_can_be_completed_and_reopened(alice: User, task: dict[str, Any]) -> None:
    for completed in (True, True, False, False, True):
        assert expect.task(change(alice, task, {"completed": completed}))["completed"] is completed


@pytest.mark.parametrize("title", [None, "", " ", "\t\n", "\u00a0\u3000"])
def test_a_title_cannot_be_empty(alice: User, task: dict[str, Any], title: object) -> None:
    expect.error(change(alice, task, {"title": title}), 400, "Title cannot be empty")
    assert alice.tasks() == [task]


def test_a_title_is_trimmed(alice: User, task: dict[str, Any]) -> None:
    assert expect.task(change(alice, task, {"title": " \t Buy  bread\n"}))["title"] == "Buy  bread"


@pytest.mark.parametrize("letter", ["a", "🥛"])
def test_the_limits_are_those_of_a_new_task(alice: User, task: dict[str, Any], letter: str) -> None:
    most = {"title": letter * 255, "description": letter * 1000}
    changed = expect.task(change(alice, task, most))
    assert {name: changed[name] for name in most} == most
    expect.error(change(alice, task, {"title": letter * 256}), 400)
    expect.error(change(alice, task, {"description": letter * 1001}), 400)
    assert alice.tasks() == [changed]


def test_a_description_is_kept_to_the_letter(alice: User, task: dict[str, Any]) -> None:
    text = "  two blanks,\r\n\ttwo lines \n"
    assert expect.task(change(alice, task, {"description": text}))["description"] == text


@pytest.mark.parametrize(
    "completed", [None, "true", "false", "", "on", 0, 1, -1, 1.0, [], [True], {}]
)
def test_completed_is_a_boolean_and_nothing_else(
    alice: User, task: dict[str, Any], completed: object
) -> None:
    expect.error(change(alice, task, {"completed": completed}), 400)
    assert alice.tasks() == [task]


@pytest.mark.parametrize("odd", [42, True, [], {}, ["Buy bread"]])
@pytest.mark.parametrize("field", ["title", "description"])
def test_title_and_description_are_text(
    alice: User, task: dict[str, Any], field: str, odd: object
) -> None:
    expect.error(change(alice, task, {field: odd}), 400)
    assert alice.tasks() == [task]


@pytest.mark.parametrize("bad", [r"\u0000", r"\ud800", r"\udc00\ud800"])
@pytest.mark.parametrize("field", ["title", "description"])
def test_text_that_cannot_be_stored_is_refused(
    alice: User, task: dict[str, Any], field: str, bad: str
) -> None:
    path, headers = f"/api/tasks/{task['id']}", {"Content-Type": "application/json"}
    text = f'{{"{field}": "Buy {bad} bread"}}'
    expect.error(alice.put(path, content=text, headers=headers), 400)
    assert alice.tasks() == [task]


def test_one_fault_spoils_the_whole_change(alice: User, task: dict[str, Any]) -> None:
    expect.error(change(alice, task, {"title": "Buy bread", "completed": "yes"}), 400)
    expect.error(change(alice, task, {"description": "new", "title": " "}), 400)
    assert alice.tasks() == [task]


def test_fields_of_ours_have_no_effect(alice: User, bob: User, task: dict[str, Any]) -> None:
    then = "2001-01-01T00:00:00.000000Z"
    ours = {"id": str(uuid4()), "user_id": bob.id, "created_at": then, "updated_at": then}
    changed = expect.task(change(alice, task, ours | {"title": "Buy bread"}))
    assert {name: changed[name] for name in SAME} == {name: task[name] for name in SAME}
    assert changed["title"] == "Buy bread"
    assert moment(changed) > moment(task)
    assert bob.tasks() == []


@pytest.mark.parametrize("odd", [None, 42, "\0", []])
def test_fields_of_ours_are_not_even_judged(alice: User, task: dict[str, Any], odd: object) -> None:
    ours = dict.fromkeys(("id", "user_id", "created_at", "updated_at", "unknown"), odd)
    changed = expect.task(change(alice, task, ours))
    assert changed == task | {"updated_at": changed["updated_at"]}


def test_nobody_else_can_change_it(alice: User, bob: User, task: dict[str, Any]) -> None:
    expect.error(change(bob, task, {"title": "His now"}), 403, "Access denied")
    expect.error(change(bob, task, {"user_id": bob.id}), 403, "Access denied")
    assert alice.tasks() == [task]
    assert bob.tasks() == []


def test_of_changes_at_once_the_last_one_wins_whole(alice: User, task: dict[str, Any]) -> None:
    bodies = [{"title": f"Version {n}", "description": f"Text {n}"} for n in range(8)]
    with ThreadPoolExecutor(8) as runners:
        answers = list(runners.map(lambda body: change(alice, task, body), bodies))
    versions = [expect.task(answer) for answer in answers]
    assert alice.tasks() == [max(versions, key=moment)]
    assert [version["title"][-1] for version in versions] == list("01234567")
    assert [version["description"][-1] for version in versions] == list("01234567")


def test_changes_of_different_fields_at_once_are_all_kept(
    alice: User, task: dict[str, Any]
) -> None:
    bodies: list[dict[str, Any]] = [
        {"title": "Buy bread"},
        {"description": "One loaf"},
        {"completed": True},
    ]
    with ThreadPoolExecutor(3) as runners:
        list(runners.map(lambda body: change(alice, task, body), bodies))
    found = alice.tasks()[0]
    assert (found["title"], found["description"], found["completed"]) == (
        "Buy bread",
        "One loaf",
        True,
    )
    assert abs(moment(found).timestamp() - time.time()) < 10
