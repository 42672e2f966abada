"""POST /api/tasks with an Idempotency-Key: repeated on a bad network, done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User, new_email

USED = "This Idempotency-Key was used for another request"
VALUE = "Idempotency-Key must be 1 to 255 visible ASCII characters"
AGE = "UPDATE idempotency_keys SET created_at = created_at - $2::interval WHERE user_id = $1"


def post(user: User, key: str, **body: object) -> httpx.Response:
    return user.post("/api/tasks", json=body, headers={"Idempotency-Key": key})


def test_a_repeated_request_gets_the_same_answer_and_makes_nothing(alice: User) -> None:
    key = str(uuid4())
    first = post(alice, key, title=" Buy milk ", description="a lot")
    again = [post(alice, key, title="Buy milk", description="a lot") for _ in range(3)]
    assert first.status_code == 201
    assert [(each.status_code, each.content) for each in again] == [(201, first.content)] * 3
    assert alice.tasks() == [first.json()["task"]]


def test_the_answer_is_the_first_one_whatever_became_of_the_task(alice: User) -> None:
    first = post(alice, "a", title="Buy milk")
    path = f"/api/tasks/{first.json()['task']['id']}"
    assert alice.put(path, json={"title": "Changed", "completed": True}).status_code == 200
    assert post(alice, "a", title="Buy milk").content == first.content
    assert alice.delete(path).status_code == 204
    assert post(alice, "a", title="Buy milk").content == first.content
    assert alice.tasks() == []


def test_many_at_once_make_one_task(alice: User) -> None:
    with ThreadPoolExecutor(8) as runners:
        answers = list(runners.map(lambda _: post(alice, "b", title="Once"), range(16)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("body", [{"title": "b"}, {"title": "a", "description": ""}])
def test_another_request_with_the_same_key_is_refused(alice: User, body: dict[str, object]) -> None:
    assert post(alice, "c", title="a").status_code == 201
    expect.error(post(alice, "c", **body), 400, USED)
    assert len(alice.tasks()) == 1


def test_a_key_is_ones_own(alice: User, bob: User) -> None:
    mine, his = (post(user, "d", title="a").json()["task"] for user in (alice, bob))
    assert mine["id"] != his["id"]
    assert (alice.tasks(), bob.tasks()) == ([mine], [his])


def test_a_request_that_was_refused_has_used_no_key(alice: User) -> None:
    expect.error(post(alice, "e", title=" "), 400, "Title is required")
    assert post(alice, "e", title="a").status_code == 201


def test_whom_better_auth_created_is_provisioned(http: httpx.Client) -> None:
    user = User(http, str(uuid4()), new_email())
    assert post(user, "f", title="a").content == post(user, "f", title="a").content
    assert len(user.tasks()) == 1


def test_a_key_is_kept_for_24_hours(alice: User, sql: Sql) -> None:
    first = post(alice, "g", title="a")
    sql.value(AGE, UUID(alice.id), timedelta(hours=23, minutes=59))
    assert post(alice, "g", title="a").json()["task"]["id"] == first.json()["task"]["id"]
    sql.value(AGE, UUID(alice.id), timedelta(seconds=61))
    assert post(alice, "g", title="another").status_code == 201
    assert len(alice.tasks()) == 2


def test_expired_keys_go_when_new_ones_come(alice: User, bob: User, sql: Sql) -> None:
    for number in range(5):
        post(alice, f"old-{number}", title="a")
    sql.value(AGE, UUID(alice.id), timedelta(hours=24, seconds=1))
    for number in range(6):
        post(bob, f"new-{number}", title="a")
    left = "SELECT count(*) FROM idempotency_keys WHERE user_id = $1"
    assert sql.value(left, UUID(alice.id)) == 0
    assert sql.value(left, UUID(bob.id)) == 6


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 256, '"', '""', "a\tb"])
def test_what_is_no_key_is_told(alice: User, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    answer = alice.http.post(
        "/api/tasks",
        json={"title": "a"},
        headers=[*headers, (b"Authorization", f"Bearer {alice.token}".encode())],
    )
    expect.error(answer, 400, VALUE)
    assert alice.tasks() == []


def test_a_key_may_be_quoted(alice: User) -> None:
    assert post(alice, '"h"', title="a").content == post(alice, "h", title="a").content
