"""What a route can refuse, in the very sentences: found by asking the checks, not written twice."""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from core.body import Body
from core.errors import ApiError, BodyTooLarge, Unauthorized
from core.operation import Json, Operation

T = TypeVar("T")

MISTAKES = (None, "", " ", "x", "x" * 10_000, 0, "\0")  # some value of them fits no field


def refusals(check: Callable[[T], object], *inputs: T) -> list[ApiError]:
    """What a check raises at these inputs, each sentence once and in this order."""
    found: dict[str, ApiError] = {}
    for each in inputs:
        try:
            check(each)
        except ApiError as error:
            found.setdefault(error.detail, error)
    return list(found.values())


def refusals_of(operation: Operation, example: Json) -> dict[int, list[ApiError]]:
    """All that a route answers beside success, by status.

    That is what it declares, and what follows of itself; `example` is a good body.
    """
    found = [each() if isinstance(each, type) else each for each in operation.errors]
    if operation.body:
        found[:0] = refusals(operation.body.parse, *_bad_bodies(operation.body, example))
    if operation.private:
        found.append(Unauthorized())
    found += [BodyTooLarge(), ApiError()]
    by_status: dict[int, list[ApiError]] = {}
    for each in sorted(found, key=lambda error: error.status):
        by_status.setdefault(each.status, []).append(each)
    return by_status


def _bad_bodies(body: type[Body], example: Json) -> Iterator[bytes]:
    """Nothing at all, each field wrong in each way, another kind of JSON, and then no JSON."""
    bad: list[Any] = [{}]
    for name in body.model_fields:
        bad.append({key: value for key, value in example.items() if key != name})
        bad += [example | {name: mistake} for mistake in MISTAKES]
    yield from (json.dumps(each).encode() for each in [*bad, []])
    whole = json.dumps(example).encode()
    yield from (whole[:-1], b'{"n": NaN}', whole.decode().encode("utf-16"))
