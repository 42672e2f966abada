"""Whatever is sent, the service answers as its contract says (Hypothesis)."""

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.tokens import claims, forge
from tests.support.users import User, add_user

JSON = {"Content-Type": "application/json"}
bounded = settings(
    max_examples=80,
    deadline=2000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
titles = st.text(  # without what is blank to Python alone
    st.characters(codec="utf-8", exclude_characters="\0\x1c\x1d\x1e\x1f")
).filter(str.strip)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)
names = st.sampled_from(
    ["title", "description", "completed", "email", "password", "id", "user_id", "created_at"]
)
documents = values | st.dictionaries(names | st.text(), values)
PATHS = ["/api/auth/signup", "/api/auth/login", "/api/tasks", "/api/tasks/{id}"]


@pytest.fixture(scope="module")
def dora(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http)


@pytest.fixture(scope="module")
def path_of_a_task(dora: User) -> str:
    return f"/api/tasks/{dora.add()['id']}"


def send(user: User, path: str, content: bytes) -> httpx.Response:
    method = "PUT" if "/tasks/" in path else "POST"
    return user.call(method, path, content=content, headers=JSON)


def answered(response: httpx.Response) -> None:
    """A success, or one of the caller's faults told in the one shape."""
    assert response.status_code in {200, 201, 400, 401, 404, 409, 422}
    if response.status_code >= 400:
        expect.error(response, response.status_code)


@pytest.mark.parametrize("path", PATHS)
@bounded
@given(document=documents)
def test_any_json_document_is_answered(
    dora: User, path_of_a_task: str, path: str, document: Any
) -> None:
    content = json.dumps(document).encode()
    answered(send(dora, path.replace("/api/tasks/{id}", path_of_a_task), content))


@bounded
@given(content=st.binary(max_size=200))
def test_any_bytes_are_answered(dora: User, path_of_a_task: str, content: bytes) -> None:
    for path in ("/api/auth/login", "/api/tasks", path_of_a_task):
        answered(send(dora, path, content))


@bounded
@given(task_id=st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda x: x.strip(".")))
def test_any_id_is_answered(dora: User, task_id: str) -> None:
    response = dora.get(f"/api/tasks/{quote(task_id, safe='')}")
    assert response.status_code == 404
    expect.error(response, 404)


@bounded
@given(task_id=st.uuids())
def test_any_uuid_is_no_task_of_ours(dora: User, task_id: object) -> None:
    expect.error(dora.get(f"/api/tasks/{task_id}"), 404, "Task not found")


@bounded
@given(text=storable)
def test_a_description_comes_back_to_the_letter(dora: User, text: str) -> None:
    body = {"title": "Buy milk", "description": text}
    task = expect.task(dora.post("/api/tasks", json=body), 201)
    assert task["description"] == text
    assert expect.task(dora.get(f"/api/tasks/{task['id']}")) == task


@bounded
@given(text=titles)
def test_a_title_comes_back_but_for_the_blanks_around_it(dora: User, text: str) -> None:
    task = expect.task(dora.post("/api/tasks", json={"title": text}), 201)
    assert task["title"] == text.strip()
    renamed = dora.put(f"/api/tasks/{task['id']}", json={"title": text})
    assert expect.task(renamed)["title"] == text.strip()


@bounded
@given(text=st.text(st.characters(categories=("Zs", "Zl", "Zp", "Cf")), max_size=3))
def test_a_title_of_odd_blanks_is_refused_or_kept(dora: User, text: str) -> None:
    response = dora.post("/api/tasks", json={"title": text})
    if text.strip() == "":
        expect.error(response, 400, "Title is required")
    else:
        assert expect.task(response, 201)["title"] == text.strip()


@bounded
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "title": titles.map(str.strip),
            "description": st.none() | storable,
            "completed": st.booleans(),
        },
    )
)
def test_a_change_changes_what_it_says_and_nothing_else(
    dora: User, path_of_a_task: str, changes: dict[str, Any]
) -> None:
    before = expect.task(dora.get(path_of_a_task))
    after = expect.task(dora.put(path_of_a_task, json=changes))
    assert after == before | changes | {"updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]


@bounded
@given(header=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_any_token_is_refused(http: httpx.Client, header: str) -> None:
    expect.unauthorized(http.get("/api/tasks", headers={"Authorization": f"Bearer {header}"}))


@bounded
@given(email=st.emails() | st.text() | st.text(min_size=1).map("{}@example.com".format) | values)
def test_any_address_in_a_token_makes_a_user_or_none(http: httpx.Client, email: Any) -> None:
    user_id = str(uuid4())
    guest = User(http, user_id, "", forge(claims(user_id, email=email)))
    response = guest.post("/api/tasks", json={"title": "Buy milk"})
    if response.status_code == 201:
        assert expect.task(response, 201)["user_id"] == user_id
    else:
        expect.unauthorized(response)


def test_none_of_it_was_an_accident(service: Program) -> None:
    assert [record for record in service.records() if has_stack_trace(record)] == []
