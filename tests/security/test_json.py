"""Malformed JSON is a 422, JSON that a route cannot use a 400, and nothing changes."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.security.corpus import MALFORMED, NOT_TEXT, OBJECTS, TEXT
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User, add_user

PLACES = {
    "document": b"%s",
    "title": b'{"title":%s}',
    "description": b'{"title":"a","description":%s}',
    "completed": b'{"title":"a","completed":%s}',
    "email": b'{"email":%s,"password":"12345678"}',
    "password": b'{"email":"a@b.example","password":%s}',
    "unknown member": b'{"title":"a","n":%s}',
    "nested": b'{"title":"a","n":[{"m":%s}]}',
}
ALLOWED = {"description": b"null", "completed": b"true"}
COUNTS = "SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM tasks) AS tasks"
Send = Callable[[str, bytes], httpx.Response]


@pytest.fixture(scope="module")
def user(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http)


@pytest.fixture(scope="module")
def task(user: User) -> Task:
    return user.add()


@pytest.fixture
def send(user: User, task: Task, sql: Sql) -> Iterator[Send]:
    """Send a body to the route of an action; at the end nothing has changed."""
    routes = {
        "create": ("POST", "/api/tasks"),
        "update": ("PUT", f"/api/tasks/{task['id']}"),
        "sign up": ("POST", "/api/auth/signup"),
        "log in": ("POST", "/api/auth/login"),
    }
    before = sql.rows(COUNTS)
    yield lambda action, body: user.call(*routes[action], content=body)
    assert sql.rows(COUNTS) == before
    assert user.tasks() == [task]


@pytest.mark.parametrize("action", ["create", "log in"])
@pytest.mark.parametrize("place", ["document", "title", "nested"])
def test_malformed_json_is_422(send: Send, action: str, place: str) -> None:
    for document in MALFORMED:
        response = send(action, PLACES[place] % document)
        assert response.status_code == 422, document[:50]
        expect.error(response, 422)


@pytest.mark.parametrize(
    ("action", "places"),
    [
        ("create", ["document", "title", "description"]),
        ("update", ["document", "title", "description", "completed"]),
        ("sign up", ["document", "email", "password"]),
        ("log in", ["document", "email", "password"]),
    ],
)
def test_value_of_another_type_is_400(send: Send, action: str, places: list[str]) -> None:
    for place in places:
        for value in NOT_TEXT:
            if value != ALLOWED.get(place):
                response = send(action, PLACES[place] % value)
                assert response.status_code == 400, (place, value[:50])
                expect.error(response, 400)


@pytest.mark.parametrize("action", ["create", "update", "sign up", "log in"])
def test_document_that_is_text_is_400(send: Send, action: str) -> None:
    for document in TEXT:
        expect.error(send(action, document), 400)


@pytest.mark.parametrize("action", ["create", "sign up", "log in"])
def test_object_without_the_members_is_400(send: Send, action: str) -> None:
    for document in OBJECTS:
        expect.error(send(action, document), 400)


def test_update_without_known_members_changes_nothing(alice: User) -> None:
    task = alice.add()
    for document in OBJECTS:
        response = alice.put(f"/api/tasks/{task['id']}", content=document)
        updated_at = response.json()["task"]["updated_at"]
        assert expect.task(response) == task | {"updated_at": updated_at}


@pytest.mark.parametrize("place", ["unknown member", "nested"])
def test_unknown_member_may_be_any_json(alice: User, place: str) -> None:
    for value in (*NOT_TEXT, *TEXT):
        response = alice.post("/api/tasks", content=PLACES[place] % value)
        assert expect.task(response, 201)["title"] == "a"


@pytest.mark.parametrize("depth", [10**3, 10**4])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_nested_json_is_read_or_refused(
    alice: User, depth: int, brackets: tuple[bytes, bytes]
) -> None:
    begin, end = brackets
    body = PLACES["unknown member"] % (begin * depth + b"1" + end * depth)
    response = alice.post("/api/tasks", content=body)
    if response.status_code == 422:
        assert expect.error(response, 422).endswith(": it is nested too deeply")
        assert alice.tasks() == []
    else:
        assert alice.tasks() == [expect.task(response, 201)]


def test_last_of_repeated_members_counts(alice: User) -> None:
    response = alice.post("/api/tasks", content=b'{"title":1,"title":"a","title":"b"}')
    assert expect.task(response, 201)["title"] == "b"
