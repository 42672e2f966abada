"""Text of every sort in addresses, passwords, ids, queries and headers is taken or refused."""

from collections.abc import Callable
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from tests.security.naughty import STORABLE, UNSTORABLE, letters
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import claims, forge
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
ADDRESSES = [
    "{}",
    "{}@example.com",
    "a{}@example.com",
    "a@{}.example",
    "a@example.{}",
    '"{}"@a.example',
]
PASSWORDS = {
    "blanks": " \t\u3000\u2028\xa0 \ufeff ",
    "control characters": "".join(map(chr, range(1, 32))),
    "decomposed": "e\u0301" * 8,
    "emoji of 72 bytes": "🥛" * 18,
    "right to left": "\u202eكلمة السر\u202c",
    "private use": "\ue000\uffff\U0010ffff\ufdd0abcd",
}
METHODS = ["GET", "PUT", "DELETE"]


def is_plain(text: str) -> bool:
    """Whether HTTP allows it within a header (RFC 9110, section 5.5)."""
    return all(byte >= 32 and byte != 127 for byte in text.encode())


ONE_LINE = {name: text for name, text in STORABLE.items() if not {*"\r\n"} & {*text}}


@pytest.mark.parametrize("form", ADDRESSES)
def test_an_address_is_refused_at_signup_or_the_password_is(http: httpx.Client, form: str) -> None:
    for text in STORABLE.values():
        body = {"email": form.format(text), "password": "7 chars"}
        sentence = expect.error(http.post("/api/auth/signup", json=body), 400)
        assert sentence.endswith("Password must be at least 8 characters")


@pytest.mark.parametrize("form", ADDRESSES)
@pytest.mark.parametrize("path", ["/api/auth/signup", "/api/auth/login"])
def test_an_address_that_cannot_be_stored_is_400(http: httpx.Client, path: str, form: str) -> None:
    for text in UNSTORABLE.values():
        email = form.format(text).replace('"', r"\"")
        body = f'{{"email": "{email}", "password": "12345678"}}'
        expect.error(http.post(path, content=body, headers=JSON), 400)


@pytest.mark.parametrize("name", ["SQL, tautology", "Zalgo", "control characters", "Turkish i"])
def test_nobody_logs_in_with_an_odd_address(http: httpx.Client, name: str) -> None:
    body = {"email": STORABLE[name], "password": "correct horse"}
    expect.error(http.post("/api/auth/login", json=body), 401, "Invalid email or password")


@pytest.mark.parametrize("form", ADDRESSES)
def test_an_odd_address_of_better_auth_makes_a_user_or_none(
    http: httpx.Client, sql: Sql, form: str
) -> None:
    for text in STORABLE.values():
        user_id = str(uuid4())
        email = form.format(text)
        guest = User(http, user_id, email, forge(claims(user_id, email=email)))
        answer = guest.post("/api/tasks", json={"title": "a"})
        kept = sql.value("SELECT email FROM users WHERE id = $1", UUID(user_id))
        if answer.status_code == 201:
            assert kept == kept.lower().strip(), letters(kept)
            assert "@" in kept
        else:
            expect.unauthorized(answer)
            assert kept is None


@pytest.mark.parametrize("name", PASSWORDS)
def test_a_password_of_any_letters_opens_again(http: httpx.Client, name: str) -> None:
    account = {"email": new_email(), "password": PASSWORDS[name]}
    made = http.post("/api/auth/signup", json=account)
    assert made.status_code == 201, made.text
    opened = http.post("/api/auth/login", json=account)
    assert opened.status_code == 200, opened.text
    assert opened.json()["user"] == made.json()["user"]


def test_a_password_is_taken_to_the_letter(http: httpx.Client) -> None:
    account = {"email": new_email(), "password": "e\u0301" * 8}
    assert http.post("/api/auth/signup", json=account).status_code == 201
    for other in ("\u00e9" * 8, "e\u0301" * 8 + " ", "E\u0301" * 8):
        answer = http.post("/api/auth/login", json=account | {"password": other})
        expect.error(answer, 401, "Invalid email or password")


@pytest.mark.parametrize("name", UNSTORABLE)
def test_a_password_that_cannot_be_stored_is_400_at_signup(http: httpx.Client, name: str) -> None:
    body = f'{{"email": "{new_email()}", "password": "12345678{UNSTORABLE[name]}"}}'
    answer = http.post("/api/auth/signup", content=body, headers=JSON)
    assert "cannot be stored" in expect.error(answer, 400)


@pytest.mark.parametrize("method", METHODS)
def test_an_odd_id_is_404(alice: User, method: str, figure: Callable[[str, object], None]) -> None:
    task = alice.add()
    body = {"json": {"title": "a"}} if method == "PUT" else {}
    odd = [*STORABLE.values(), f"{task['id']}\0", f"{task['id']} ", f"{{{task['id']}}}"]
    for text in odd:
        answer = alice.call(method, f"/api/tasks/{quote(text, safe='')}", **body)
        expect.error(answer, 404, "Not found" if "/" in text else "Task not found")
    assert alice.tasks() == [task]
    figure(f"odd ids, {method}: answered 404", len(odd))


def test_an_odd_query_changes_nothing(alice: User) -> None:
    tasks = [alice.add(), alice.add()][::-1]
    for text in STORABLE.values():
        word = quote(text[:100])
        for query in (word, f"{word}={word}", f"user_id={word}&offset={word}&order={word}"):
            answer = alice.get(f"/api/tasks?{query}")
            assert answer.json() == {"tasks": tasks}


@pytest.mark.parametrize("name", ONE_LINE)
def test_odd_headers_are_neither_repeated_nor_granted(service: Program, name: str) -> None:
    text = ONE_LINE[name].encode().decode("latin-1")
    sent = {"X-Request-ID": f"<{text}>", "Origin": f"https://{text}", "User-Agent": text}
    answer = raw_http.send(service.port, "GET", "/health", sent)
    if not is_plain(ONE_LINE[name].replace("\t", " ")):
        expect.error(answer, 400, "This is not a valid HTTP request")
        return
    assert answer.json() == {"status": "healthy"}
    assert answer.headers["x-request-id"].isalnum()
    assert [header for header in answer.headers if "allow" in header] == []
