"""Kinds of requests whose price is measured, as they go over the wire."""

import json
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from uuid import uuid4

from loadtests.people import DESCRIPTION, TITLE, Person

TASK = {"title": TITLE.format(1), "description": DESCRIPTION}
TICKED_OFF = {"completed": True}


def _list(person: Person) -> bytes:
    return _request(person, "GET", "/api/tasks")


def _read(person: Person) -> bytes:
    return _request(person, "GET", f"/api/tasks/{person.tasks[0]}")


def _add(person: Person) -> bytes:
    return _request(person, "POST", "/api/tasks", TASK)


def _add_once(person: Person) -> bytes:
    return _request(person, "POST", "/api/tasks", TASK, f"Idempotency-Key: {uuid4()}\r\n")


def _change(person: Person) -> bytes:
    return _request(person, "PUT", f"/api/tasks/{person.tasks[0]}", TICKED_OFF)


# In the order in which to measure them: lists before they grow.
KINDS: dict[str, Callable[[Person], bytes]] = {
    "list": _list,
    "read": _read,
    "change": _change,
    "add": _add,
    "keyed_add": _add_once,
}
TEXTS = {
    "list": "`GET /api/tasks`, a list of 20 tasks",
    "read": "`GET /api/tasks/{id}`",
    "change": "`PUT /api/tasks/{id}`",
    "add": "`POST /api/tasks`",
    "keyed_add": "`POST /api/tasks` with `Idempotency-Key`",
}


def requests_of(kind: str, people: Iterable[Person], count: int) -> bytes:
    """So many requests of a kind, the people in turn, with a NUL after each."""
    made = map(KINDS[kind], islice(cycle(people), count))
    return b"".join(request + b"\0" for request in made)


def _request(person: Person, method: str, path: str, body: object = None, more: str = "") -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    if content:
        more += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {person.token}\r\n"
    return f"{head}{more}\r\n".encode() + content
