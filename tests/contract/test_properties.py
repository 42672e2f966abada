"""Whatever is sent, the service responds as its contract says (Hypothesis)."""

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

bounded = settings(
    max_examples=40,
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
changes = st.fixed_dictionaries(
    {},
    optional={
        "title": titles.map(str.strip),
        "description": st.none() | storable,
        "completed": st.booleans(),
    },
)


@pytest.fixture(scope="module")
def user(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http)


@pytest.fixture(scope="module")
def path(user: User) -> str:
    """The path of a task."""
    return f"/api/tasks/{user.add()['id']}"


def send_everywhere(user: User, path: str, content: bytes) -> None:
    """Each route that takes a body succeeds, or refuses it in the one shape."""
    for method, each in (
        *(("POST", "/api/auth/signup"), ("POST", "/api/auth/login"), ("POST", "/api/tasks")),
        ("PUT", path),
    ):
        response = user.call(method, each, content=content)
        assert response.status_code in {200, 201, 400, 401, 404, 409, 422}
        if response.status_code >= 400:
            expect.error(response, response.status_code)


@bounded
@given(document=documents)
def test_any_json_is_accepted_or_refused(user: User, path: str, document: Any) -> None:
    send_everywhere(user, path, json.dumps(document).encode())


@bounded
@given(content=st.binary(max_size=200))
def test_any_bytes_are_accepted_or_refused(user: User, path: str, content: bytes) -> None:
    send_everywhere(user, path, content)


@bounded
@given(task_id=st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda x: x.strip(".")))
def test_any_text_as_id_is_404(user: User, task_id: str) -> None:
    expect.error(user.get(f"/api/tasks/{quote(task_id, safe='')}"), 404)


@bounded
@given(task_id=st.uuids())
def test_any_other_uuid_is_404(user: User, task_id: object) -> None:
    expect.error(user.get(f"/api/tasks/{task_id}"), 404, "Task not found")


@bounded
@given(title=titles, description=storable)
def test_text_is_stored_unchanged_but_for_blanks_around_a_title(
    user: User, title: str, description: str
) -> None:
    body = {"title": title, "description": description}
    task = expect.task(user.post("/api/tasks", json=body), 201)
    assert (task["title"], task["description"]) == (title.strip(), description)
    path = f"/api/tasks/{task['id']}"
    assert expect.task(user.get(path)) == task
    assert expect.task(user.put(path, json={"title": title}))["title"] == title.strip()


@bounded
@given(title=st.text(st.characters(categories=("Zs", "Zl", "Zp", "Cf")), max_size=3))
def test_title_of_blanks_is_refused_and_of_format_characters_stored(user: User, title: str) -> None:
    response = user.post("/api/tasks", json={"title": title})
    if title.strip() == "":
        expect.error(response, 400, "Title is required")
    else:
        assert expect.task(response, 201)["title"] == title.strip()


@bounded
@given(changes=changes)
def test_update_changes_what_is_sent_and_nothing_else(
    user: User, path: str, changes: dict[str, Any]
) -> None:
    before = expect.task(user.get(path))
    after = expect.task(user.put(path, json=changes))
    assert after == before | changes | {"updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]


@bounded
@given(token=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1))
def test_any_text_as_token_is_401(http: httpx.Client, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    expect.unauthorized(http.get("/api/tasks", headers=headers))


@bounded
@given(email=st.emails() | st.text() | st.text(min_size=1).map("{}@example.com".format) | values)
def test_any_email_in_a_token_is_provisioned_or_401(http: httpx.Client, email: Any) -> None:
    user_id = str(uuid4())
    user = User(http, user_id, "", forge(claims(user_id, email=email)))
    response = user.post("/api/tasks", json={"title": "Buy milk"})
    if response.status_code == 201:
        assert expect.task(response, 201)["user_id"] == user_id
    else:
        expect.unauthorized(response)


def test_nothing_of_this_left_a_stack_trace(service: Program) -> None:
    assert [record for record in service.records() if has_stack_trace(record)] == []
