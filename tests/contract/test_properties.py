"""Whatever is sent, the service responds as its contract says (Hypothesis)."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User, add_user

bounded = settings(
    max_examples=60,
    deadline=2000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
titles = st.text(  # without what is blank to Python alone
    st.characters(codec="utf-8", exclude_characters="\0\x1c\x1d\x1e\x1f")
).filter(str.strip)
blanks = st.text(st.characters(categories=("Zs", "Zl", "Zp", "Cf")), max_size=3)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)
names = st.sampled_from(
    ["title", "description", "completed", "email", "password", "id", "user_id", "created_at"]
)
documents = (values | st.dictionaries(names | st.text(), values)).map(json.dumps).map(str.encode)


@pytest.fixture(scope="module")
def user(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http)


@pytest.fixture(scope="module")
def path(user: User) -> str:
    """The path of a task."""
    return f"/api/tasks/{user.add()['id']}"


@bounded
@given(content=documents | st.binary(max_size=200))
def test_any_body_is_accepted_or_refused(user: User, path: str, content: bytes) -> None:
    for each in ("/api/auth/signup", "/api/auth/login", "/api/tasks", path):
        response = user.call("PUT" if each == path else "POST", each, content=content)
        assert response.status_code in {200, 201, 400, 401, 404, 409, 422}
        if response.status_code >= 400:
            expect.error(response, response.status_code)


@bounded
@given(title=titles | blanks, description=storable)
def test_task_is_stored_as_sent_but_for_blanks_around_the_title(
    user: User, title: str, description: str
) -> None:
    body = {"title": title, "description": description}
    response = user.post("/api/tasks", json=body)
    if title.strip() == "":
        expect.error(response, 400, "Title is required")
        return
    task = expect.task(response, 201)
    assert (task["title"], task["description"]) == (title.strip(), description)
    path = f"/api/tasks/{task['id']}"
    assert expect.task(user.get(path)) == task
    changed = expect.task(user.put(path, json={"title": f" {title}"}))
    assert changed == task | {"updated_at": changed["updated_at"]}
