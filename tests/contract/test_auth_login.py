"""POST /api/auth/login: the right password, and nothing that helps to find it."""

import socket
import time
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import bcrypt
import httpx
import jwt
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.sql import Sql
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import User, add_user, new_email

PASSWORD = "correct horse"
REFUSED = "Invalid email or password"


def add_member(sql: Sql, http: httpx.Client, password: str, cost: int = 4) -> User:
    """A user with a password that is quick to check."""
    kept = bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()
    return add_user(sql, http, f"member.{new_email()}", kept)


@pytest.fixture(scope="module")
def member(sql: Sql, http: httpx.Client) -> User:
    return add_member(sql, http, PASSWORD)


def login(http: httpx.Client, email: object, password: object = PASSWORD) -> httpx.Response:
    return http.post("/api/auth/login", json={"email": email, "password": password})


def test_login_answers_200_with_a_token_and_the_user(http: httpx.Client, member: User) -> None:
    response = login(http, member.email)
    assert response.status_code == 200
    assert set(response.json()) == {"token", "user"}
    assert response.json()["user"] == {"id": member.id, "email": member.email}


def test_the_token_names_the_user_and_ends_after_24_hours(http: httpx.Client, member: User) -> None:
    content = jwt.decode(login(http, member.email).json()["token"], SECRET, algorithms=["HS256"])
    assert set(content) == {"sub", "user_id", "email", "iss", "iat", "exp"}
    assert content["sub"] == content["user_id"] == member.id
    assert content["email"] == member.email
    assert content["iss"] == "todo"
    assert abs(content["iat"] - time.time()) < 5
    assert content["exp"] - content["iat"] == 24 * 3600


def test_the_token_opens_private_routes(http: httpx.Client, member: User) -> None:
    token = login(http, member.email).json()["token"]
    assert http.get("/api/tasks", headers=bearer(token)).json() == {"tasks": []}


@pytest.mark.parametrize("change", [str.upper, str.title, " {}\n".format])
def test_the_address_may_be_written_in_any_way(
    http: httpx.Client, member: User, change: Callable[[str], str]
) -> None:
    assert login(http, change(member.email)).json()["user"]["id"] == member.id


@pytest.mark.parametrize(
    "email",
    [
        "{}@example.com",
        "Jose\u0301.{}@example.com",
        "{}@BÜCHER.example",
        "{}@xn--bcher-kva.example",
    ],
    ids=["ascii", "decomposed", "international", "punycode"],
)
def test_the_address_of_the_signup_opens_again(http: httpx.Client, email: str) -> None:
    account = {"email": email.format(uuid4().hex), "password": PASSWORD}
    made = http.post("/api/auth/signup", json=account)
    assert made.status_code == 201
    assert login(http, account["email"]).json()["user"] == made.json()["user"]
    assert login(http, made.json()["user"]["email"]).json()["user"] == made.json()["user"]


def test_unknown_address_and_wrong_password_cannot_be_told_apart(
    http: httpx.Client, member: User
) -> None:
    wrong, unknown = login(http, member.email, "wrong horse"), login(http, new_email())
    expect.error(wrong, 401, REFUSED)
    expect.error(unknown, 401, REFUSED)
    varying = {"x-request-id", "date"}
    assert {*wrong.headers.items()} ^ {*unknown.headers.items()} <= {
        pair for answer in (wrong, unknown) for pair in answer.headers.items() if pair[0] in varying
    }


def test_unknown_address_and_wrong_password_take_the_same_time(
    http: httpx.Client, sql: Sql
) -> None:
    usual = add_member(sql, http, PASSWORD, cost=12)

    def seconds(email: str) -> float:
        began = time.perf_counter()
        expect.error(login(http, email, "wrong horse"), 401)
        return time.perf_counter() - began

    in_turns = [(seconds(new_email()), seconds(usual.email)) for _ in range(5)]
    unknown, known = map(min, zip(*in_turns, strict=True))
    assert 0.6 < unknown / known < 1.7


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "somebody@example.com"},
        {"password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": "somebody@example.com", "password": None},
    ],
)
def test_both_fields_are_required(http: httpx.Client, body: dict[str, str]) -> None:
    response = http.post("/api/auth/login", json=body)
    expect.error(response, 400, "Email and password required")


@pytest.mark.parametrize("odd", ["", 42, True, ["x"], {"a": "b"}])
@pytest.mark.parametrize("field", ["email", "password"])
def test_values_of_another_kind_are_the_callers_fault(
    http: httpx.Client, member: User, field: str, odd: object
) -> None:
    body = {"email": member.email, "password": PASSWORD} | {field: odd}
    response = http.post("/api/auth/login", json=body)
    assert response.status_code in {400, 401}
    expect.error(response, response.status_code)


@pytest.mark.parametrize(
    "password",
    [
        "x",
        PASSWORD.upper(),
        PASSWORD + " ",
        " " + PASSWORD,
        PASSWORD + "\0",
        PASSWORD + "\0more",
        "\0",
        "🔑",
        "a" * 73,
        "é" * 37,
        "a" * 100_000,
    ],
)
def test_an_odd_password_is_a_wrong_password(
    http: httpx.Client, member: User, password: str
) -> None:
    expect.error(login(http, member.email, password), 401, REFUSED)


def test_a_password_with_lone_surrogates_is_a_wrong_password(
    http: httpx.Client, member: User
) -> None:
    body = f'{{"email": "{member.email}", "password": "{PASSWORD}\\ud800"}}'
    response = http.post(
        "/api/auth/login", content=body, headers={"Content-Type": "application/json"}
    )
    expect.error(response, 401, REFUSED)


def test_bytes_beyond_the_72nd_are_not_forgiven(http: httpx.Client, sql: Sql) -> None:
    longest = add_member(sql, http, "a" * 72)
    assert login(http, longest.email, "a" * 72).status_code == 200
    expect.error(login(http, longest.email, "a" * 73), 401, REFUSED)
    expect.error(login(http, longest.email, "a" * 71), 401, REFUSED)


@pytest.mark.parametrize("email", ["nonsense", "@", "x" * 300 + "@example.com", "' OR 1=1 --"])
def test_an_address_that_nobody_can_have_is_a_wrong_address(http: httpx.Client, email: str) -> None:
    expect.error(login(http, email), 401, REFUSED)


@pytest.mark.parametrize("bad", [r"\u0000", r"\ud800"])
def test_an_address_that_cannot_be_stored_is_the_callers_fault(
    http: httpx.Client, bad: str
) -> None:
    body = f'{{"email": "some{bad}body@example.com", "password": "{PASSWORD}"}}'
    response = http.post(
        "/api/auth/login", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in {400, 401}
    expect.error(response, response.status_code)


@pytest.mark.parametrize("password", ["!", PASSWORD])
def test_an_unusable_hash_opens_to_no_password(http: httpx.Client, sql: Sql, password: str) -> None:
    somebody = add_user(sql, http, kept="!")
    expect.error(login(http, somebody.email, password), 401, REFUSED)


def test_stale_tokens_do_not_stand_in_the_way(http: httpx.Client, member: User) -> None:
    body = {"email": member.email, "password": PASSWORD}
    expired = sign(claims(str(uuid4()), exp=1))
    for headers in (
        bearer(expired),
        bearer("rubbish"),
        {"Authorization": "Basic YTpi"},
        [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
    ):
        response = http.post("/api/auth/login", json=body, headers=headers)
        assert response.status_code == 200
        assert response.json()["user"]["id"] == member.id


def test_a_removed_user_cannot_log_in(http: httpx.Client, sql: Sql) -> None:
    leaver = add_member(sql, http, PASSWORD)
    sql.value("DELETE FROM users WHERE id = $1", UUID(leaver.id))
    expect.error(login(http, leaver.email), 401, REFUSED)


LOGIN = b'{"email": "nobody@example.com", "password": "correct horse"}'
KNOCK = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: test\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(LOGIN), LOGIN)
)


class Crowd:
    """People who wait at a service's door, all at once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.waiting: list[socket.socket] = []

    def grow(self, people: int) -> None:
        for _ in range(people):
            connection = socket.create_connection(("127.0.0.1", self.program.port), timeout=20)
            self.waiting.append(connection)
            connection.sendall(KNOCK)


@pytest.fixture
def crowd(start: Callable[..., Program], database_url: str) -> Iterator[Crowd]:
    """104 people waiting at a service's door; it is killed, not awaited."""
    crowd = Crowd(start(database_url))
    try:
        crowd.grow(104)
        yield crowd
    finally:
        crowd.program.kill()
        for connection in crowd.waiting:
            connection.close()


def test_more_than_100_waiting_are_asked_to_come_back(crowd: Crowd) -> None:
    def refused() -> list[httpx.Response]:
        """Ask both doors; those that were turned away at once."""
        crowd.grow(16)  # for as long as nobody is turned away some are served
        content = {"email": "nobody@example.com", "password": "correct horse"}
        answers = []
        for path in ("/api/auth/signup", "/api/auth/login"):
            try:
                answers.append(httpx.post(crowd.program.url + path, json=content, timeout=0.5))
            except httpx.ReadTimeout:
                return []
        return answers

    answers = eventually(refused, seconds=8)
    assert len(answers) == 2
    for answer in answers:
        expect.error(answer, 503, "Too many sign-ins at once, please try again")
        assert int(answer.headers["retry-after"]) > 0


def test_a_crowd_at_the_door_stops_nobody_inside(crowd: Crowd) -> None:
    began = time.perf_counter()
    headers = bearer(sign(claims(str(uuid4()))))
    response = httpx.get(f"{crowd.program.url}/api/tasks", headers=headers, timeout=5)
    assert response.status_code == 200
    assert time.perf_counter() - began < 1
