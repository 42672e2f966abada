"""POST /api/tasks with an Idempotency-Key: repeated requests create one task."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User, new_email

USED = "This Idempotency-Key was used for another request"
MALFORMED = "Idempotency-Key must be 1 to 255 visible ASCII characters"
AGE = "UPDATE idempotency_keys SET created_at = created_at - $2::interval WHERE user_id = $1"


def post(user: User, key: str | bytes, **body: object) -> httpx.Response:
    """Create a task; the keys of one user are not those of another."""
    header = {"Idempotency-Key": key}
    return user.post("/api/tasks", json={"title": "Buy milk"} | body, headers=header)


def test_repeated_request_gets_the_same_response(alice: User) -> None:
    first = post(alice, "a", title=" Buy milk ", description="a lot")
    assert first.status_code == 201
    for key in ("a", "a", '"a"'):
        again = post(alice, key, description="a lot")
        assert (again.status_code, again.content) == (201, first.content)
    assert alice.tasks() == [first.json()["task"]]


def test_response_is_the_first_one_after_the_task_was_changed_or_deleted(alice: User) -> None:
    first = post(alice, "a")
    path = f"/api/tasks/{first.json()['task']['id']}"
    assert alice.put(path, json={"title": "Changed", "completed": True}).status_code == 200
    assert post(alice, "a").content == first.content
    assert alice.delete(path).status_code == 204
    assert post(alice, "a").content == first.content
    assert alice.tasks() == []


def test_concurrent_requests_create_one_task(alice: User) -> None:
    with ThreadPoolExecutor(8) as runners:
        responses = list(runners.map(lambda _: post(alice, "a"), range(16)))
    assert {(each.status_code, each.content) for each in responses} == {(201, responses[0].content)}
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("body", [{"title": "Buy bread"}, {"description": ""}])
def test_another_request_with_the_same_key_is_400(alice: User, body: dict[str, object]) -> None:
    assert post(alice, "a").status_code == 201
    expect.error(post(alice, "a", **body), 400, USED)
    assert len(alice.tasks()) == 1


def test_key_belongs_to_one_user(alice: User, bob: User) -> None:
    tasks = [post(user, "a").json()["task"] for user in (alice, bob)]
    assert tasks[0]["id"] != tasks[1]["id"]
    assert [alice.tasks(), bob.tasks()] == [[task] for task in tasks]


def test_refused_request_does_not_use_the_key(alice: User) -> None:
    expect.error(post(alice, "a", title=" "), 400, "Title is required")
    assert post(alice, "a").status_code == 201


def test_user_of_better_auth_is_provisioned(http: httpx.Client) -> None:
    user = User(http, str(uuid4()), new_email())
    assert post(user, "a").content == post(user, "a").content
    assert len(user.tasks()) == 1


def test_key_is_kept_for_24_hours(alice: User, sql: Sql) -> None:
    first = post(alice, "a").json()["task"]
    sql.value(AGE, UUID(alice.id), timedelta(hours=23, minutes=59))
    assert post(alice, "a").json()["task"]["id"] == first["id"]
    sql.value(AGE, UUID(alice.id), timedelta(seconds=61))
    assert post(alice, "a", title="another").status_code == 201
    assert len(alice.tasks()) == 2


def test_new_keys_replace_expired_ones(alice: User, bob: User, sql: Sql) -> None:
    for number in range(5):
        post(alice, f"old-{number}")
    sql.value(AGE, UUID(alice.id), timedelta(hours=24, seconds=1))
    for number in range(6):
        post(bob, f"new-{number}")
    left = "SELECT count(*) FROM idempotency_keys WHERE user_id = $1"
    assert [sql.value(left, UUID(user.id)) for user in (alice, bob)] == [0, 6]


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 256, '"', '""', "a\tb"])
def test_malformed_key_is_400(alice: User, key: str) -> None:
    expect.error(post(alice, key.encode()), 400, MALFORMED)
    assert alice.tasks() == []
