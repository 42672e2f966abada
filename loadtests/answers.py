"""Answers: whether one is as it should be, and shows nothing but the caller's own (SC-003)."""

import json
from typing import Any

from loadtests.people import Person

Task = dict[str, Any]

ISOLATION = "isolation: "  # how a fault begins that shows, or touches, somebody else's data


class Wrong(Exception):
    """What is wrong with an answer."""


def check_status(found: int, expected: int) -> None:
    """Raises Wrong where it is another one."""
    if found != expected:
        touched = expected == 403 and 200 <= found < 300
        raise Wrong(f"{ISOLATION * touched}answered {found or 'nothing'}, not {expected}")


def check_list(content: bytes, me: Person) -> list[Task]:
    """All of my tasks and no others. Raises Wrong."""
    tasks = _own(content, "tasks", me)
    if len(tasks) < len(me.tasks):
        raise Wrong("the list is not complete")
    return tasks


def check_task(content: bytes, me: Person) -> list[Task]:
    """One task of mine. Raises Wrong."""
    return _own(content, "task", me)


def check_session(content: bytes, me: Person) -> None:
    """My token and nobody else's. Raises Wrong."""
    try:
        session = json.loads(content)
        token, user_id = session["token"], session["user"]["id"]
    except (ValueError, LookupError, TypeError) as error:
        raise Wrong("the answer makes no sense") from error
    if user_id != me.id or not token:
        raise Wrong(f"{ISOLATION}logs in somebody else")


def _own(content: bytes, name: str, me: Person) -> list[Task]:
    try:
        found = json.loads(content)[name]
        tasks: list[Task] = found if name == "tasks" else [found]
        owners = {each["user_id"] for each in tasks}
    except (ValueError, LookupError, TypeError) as error:
        raise Wrong("the answer makes no sense") from error
    if not owners <= {me.id}:
        raise Wrong(f"{ISOLATION}shows a task of somebody else")
    return tasks
