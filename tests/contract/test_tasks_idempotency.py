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
COUNT = "SELECT count(*) FROM idempotency_keys WHERE user_id = $1"


def post(user: User, key: str, **body: object) -> httpx.Response:
    """Create a task; each user has keys of their own."""
    headers = {"Idempotency-Key": key.encode()}
    return user.post("/api/tasks", json={"title": "Buy milk"} | body, headers=headers)


def test_repeated_request_gets_the_first_response_again(alice: User) -> None:
    first = post(alice, "a", title=" Buy milk ", description=None)
    assert first.status_code == 201
    assert [post(alice, key).content for key in ("a", "a", '"a"')] == [first.content] * 3
    assert alice.tasks() == [first.json()["task"]]
    path = f"/api/tasks/{first.json()['task']['id']}"
    assert alice.put(path, json={"title": "Changed", "completed": True}).status_code == 200
    assert post(alice, "a").content == first.content
    assert alice.delete(path).status_code == 204
    again = post(alice, "a")
    assert (again.status_code, again.content) == (201, first.content)
    assert alice.tasks() == []


def test_concurrent_requests_create_one_task(alice: User) -> None:
    with ThreadPoolExecutor(8) as runners:
        responses = list(runners.map(lambda _: post(alice, "a"), range(16)))
    assert {each.status_code for each in responses} == {201}
    assert len({each.content for each in responses}) == 1
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("body", [{"title": "Buy bread"}, {"description": ""}])
def test_another_request_with_the_same_key_is_400(alice: User, body: dict[str, object]) -> None:
    expect.error(post(alice, "a", title=" "), 400, "Title is required")  # uses no key
    assert post(alice, "a").status_code == 201
    expect.error(post(alice, "a", **body), 400, USED)
    assert len(alice.tasks()) == 1


def test_key_belongs_to_one_user(alice: User, bob: User) -> None:
    tasks = [post(user, "a").json()["task"] for user in (alice, bob)]
    assert tasks[0]["id"] != tasks[1]["id"]
    assert [alice.tasks(), bob.tasks()] == [[task] for task in tasks]


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
    assert [sql.value(COUNT, UUID(user.id)) for user in (alice, bob)] == [0, 6]


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 256, '"', '""', "a\tb"])
def test_malformed_key_is_400(alice: User, key: str) -> None:
    expect.error(post(alice, key), 400, MALFORMED)
    assert alice.tasks() == []
