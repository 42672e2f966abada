"""Bodies that are no JSON are a 422, JSON that a route cannot use is a 400, and nothing changes."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.security.corpus import NOT_AN_OBJECT, TEXT, malformed
from tests.security.tally import tally
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import Task, User, add_user

JSON = {"Content-Type": "application/json"}
WELL_FORMED = NOT_AN_OBJECT | TEXT
ODD_OBJECTS = {
    "empty": b"{}",
    "twice the same member": b'{"n":1,"n":2}',
    "a member without a name": b'{"":""}',
    "a member named NUL": rb'{"\u0000":1}',
    "a member named with half a pair": rb'{"\ud800":1}',
    "a member of Python's": b'{"__class__":1,"__init__":{},"model_config":{}}',
    "a member of JavaScript's": b'{"__proto__":{"title":"a"},"constructor":{"prototype":{}}}',
    "10^4 members": b"{" + b",".join(b'"%d":1' % number for number in range(10**4)) + b"}",
    "a name of 10^5 letters": b'{"' + b"a" * 10**5 + b'":1}',
    "blanks around": b' \n\t{ "n" : 1 } \r\n',
    "capitals": b'{"Title":"a","EMAIL":"a@example.com","Password":"12345678"}',
}
PLACES = {
    "alone": b"%s",
    "as the title": b'{"title":%s}',
    "as the description": b'{"title":"a","description":%s}',
    "as completed": b'{"title":"a","completed":%s}',
    "as an unknown member": b'{"title":"a","email":"a@b.example","password":"12345678","n":%s}',
    "as the e-mail": b'{"email":%s,"password":"12345678"}',
    "as the password": b'{"email":"a@b.example","password":%s}',
    "deep within": b'{"title":"a","email":"a@b.example","password":"12345678","n":[{"m":%s}]}',
}


@pytest.fixture(scope="module")
def clerk(sql: Sql, http: httpx.Client) -> User:
    return add_user(sql, http)


@pytest.fixture(scope="module")
def task(clerk: User) -> Task:
    return clerk.add()


ROUTES = [
    "create",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("change", "sign up", "log in")),
]


@pytest.fixture(params=ROUTES)
def ask(
    request: pytest.FixtureRequest, clerk: User, task: Task, sql: Sql
) -> Iterator[Callable[[bytes], httpx.Response]]:
    """One of the routes that take a body; in the end nothing has changed."""
    method, path = {
        "create": ("POST", "/api/tasks"),
        "change": ("PUT", f"/api/tasks/{task['id']}"),
        "sign up": ("POST", "/api/auth/signup"),
        "log in": ("POST", "/api/auth/login"),
    }[request.param]
    before = kept(sql)
    yield lambda body: clerk.call(method, path, content=body, headers=JSON)
    assert kept(sql) == before
    assert clerk.tasks() == [task]


def kept(sql: Sql) -> list[dict[str, object]]:
    return sql.rows(
        "SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM tasks) AS tasks"
    )


def answer_all(
    ask: Callable[[bytes], httpx.Response], bodies: dict[str, bytes], status: int
) -> list[httpx.Response]:
    """Every answer is this error in the one shape."""
    answers = {name: ask(body) for name, body in bodies.items()}
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert {name: found for name, found in statuses.items() if found != status} == {}
    for answer in answers.values():
        expect.error(answer, status)
    return list(answers.values())


def test_what_is_no_json_is_422_wherever_it_stands(
    ask: Callable[[bytes], httpx.Response],
    request: pytest.FixtureRequest,
    figure: Callable[[str, object], None],
) -> None:
    bodies = {
        f"{place}, {name}": form % document
        for place, form in PLACES.items()
        for name, document in malformed()
    }
    answers = answer_all(ask, bodies, 422)
    figure(f"malformed JSON, {request.node.callspec.id}: all answered 422", tally(answers))


@pytest.mark.parametrize("place", ["alone", "as the e-mail", "as the password"])
def test_json_that_is_no_account_is_400(http: httpx.Client, place: str) -> None:
    bodies = {name: PLACES[place] % document for name, document in NOT_AN_OBJECT.items()}
    for path in ("/api/auth/signup", "/api/auth/login"):
        answer_all(lambda body: http.post(path, content=body), bodies, 400)  # noqa: B023


def test_json_that_is_no_object_is_400(ask: Callable[[bytes], httpx.Response]) -> None:
    answer_all(ask, WELL_FORMED, 400)


@pytest.mark.parametrize(
    ("place", "allowed"),
    [("as the title", ""), ("as the description", "null"), ("as completed", "true")],
)
def test_values_of_another_kind_are_400(clerk: User, task: Task, place: str, allowed: str) -> None:
    bodies = {
        name: PLACES[place] % document
        for name, document in NOT_AN_OBJECT.items()
        if name != allowed
    }
    path = f"/api/tasks/{task['id']}"
    answer_all(lambda body: clerk.put(path, content=body, headers=JSON), bodies, 400)
    if place != "as completed":  # a new task has none
        answer_all(lambda body: clerk.post("/api/tasks", content=body, headers=JSON), bodies, 400)
    assert clerk.tasks() == [task]


@pytest.mark.parametrize("name", ODD_OBJECTS)
def test_an_object_without_the_members_is_400(http: httpx.Client, clerk: User, name: str) -> None:
    body = ODD_OBJECTS[name]
    for path in ("/api/auth/signup", "/api/auth/login", "/api/tasks"):
        expect.error(clerk.post(path, content=body, headers=JSON), 400)


@pytest.mark.parametrize("name", ODD_OBJECTS)
def test_a_change_without_the_members_changes_nothing(alice: User, name: str) -> None:
    task = alice.add()
    response = alice.put(f"/api/tasks/{task['id']}", content=ODD_OBJECTS[name], headers=JSON)
    assert expect.task(response) == task | {"updated_at": response.json()["task"]["updated_at"]}


@pytest.mark.parametrize("place", ["as an unknown member", "deep within"])
@pytest.mark.parametrize("name", WELL_FORMED)
def test_odd_json_that_nobody_reads_is_no_fault(alice: User, name: str, place: str) -> None:
    body = PLACES[place] % WELL_FORMED[name]
    task = expect.task(alice.post("/api/tasks", content=body, headers=JSON), 201)
    changed = alice.put(f"/api/tasks/{task['id']}", content=body, headers=JSON)
    assert expect.task(changed)["title"] == "a"


@pytest.mark.parametrize("depth", [10**3, 10**4])
@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_deep_json_is_read_or_refused(
    alice: User, depth: int, brackets: tuple[bytes, bytes]
) -> None:
    begin, end = brackets
    body = PLACES["as an unknown member"] % (begin * depth + b"1" + end * depth)
    response = alice.post("/api/tasks", content=body, headers=JSON)
    if response.status_code == 422:
        sentence = expect.error(response, 422)
        assert sentence.endswith(": it is nested too deeply")
        assert alice.tasks() == []
    else:
        assert alice.tasks() == [expect.task(response, 201)]


def test_the_last_of_two_members_of_one_name_counts(alice: User) -> None:
    body = b'{"title":1,"title":"a","title":"b"}'
    assert expect.task(alice.post("/api/tasks", content=body, headers=JSON), 201)["title"] == "b"
