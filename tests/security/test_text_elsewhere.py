"""Unusual text in addresses, passwords, ids, queries and headers: used or refused, never a 500."""

import unicodedata
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from tests.security.texts import STORABLE, UNSTORABLE, code_points
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
DOMAINS = ("{}@example.com", "a{}@example.com", "a@{}.example", "a@example.{}")
ADDRESSES = ["{}", *DOMAINS, '"{}"@a.example']
PASSWORDS = {name: t for name, t in STORABLE.items() if len(t) >= 8 and len(t.encode()) <= 72}
LIMITS = [
    *(
        "",
        "0",
        "-1",
        "+1",
        "1.0",
        "1e2",
        "0x1",
        "1_0",
        " 1",
        "1\0",
        "1;1",
        "1,1",
        "١",
        "１",
        "1001",
    ),
    *("9" * 20, "9" * 5000, "NaN", "all", "1 OFFSET 1", "(SELECT 1)", "[1]", *STORABLE.values()),
]
ONE_LINE = {name: text for name, text in STORABLE.items() if not {*"\r\n"} & {*text}}


@pytest.mark.parametrize("form", ADDRESSES)
def test_address_is_an_account_or_refused(http: httpx.Client, form: str) -> None:
    accounts = 0
    for text in STORABLE.values():
        account = {"email": form.format(text), "password": "correct horse"}
        short = expect.error(http.post("/api/auth/signup", json=account | {"password": "7"}), 400)
        assert short.endswith("Password must be at least 8 characters")
        signup = http.post("/api/auth/signup", json=account)
        if signup.status_code == 400:
            expect.error(signup, 400, "Invalid email format")
            continue
        assert signup.status_code == 201, signup.text
        email = signup.json()["user"]["email"]
        local, given = email.rpartition("@")[0], account["email"].strip().rpartition("@")[0]
        assert local == unicodedata.normalize("NFC", given).lower(), code_points(email)
        for spelling in (f" {account['email']}\t", email):
            login = http.post("/api/auth/login", json=account | {"email": spelling})
            assert login.json().get("user") == signup.json()["user"], code_points(spelling)
        accounts += 1
    assert accounts or form not in {"{}@example.com", "a{}@example.com"}


@pytest.mark.parametrize("path", ["/api/auth/signup", "/api/auth/login"])
def test_text_that_cannot_be_stored_is_400(http: httpx.Client, path: str) -> None:
    for text in UNSTORABLE.values():
        for form in ADDRESSES:
            email = form.format(text).replace('"', r"\"")
            body = f'{{"email": "{email}", "password": "12345678"}}'
            expect.error(http.post(path, content=body, headers=JSON), 400)
        body = f'{{"email": "{new_email()}", "password": "12345678{text}"}}'
        if path.endswith("signup"):
            response = http.post(path, content=body, headers=JSON)
            assert "cannot be stored" in expect.error(response, 400)


@pytest.mark.parametrize("form", ADDRESSES)
def test_address_in_a_token_is_a_user_or_refused(http: httpx.Client, sql: Sql, form: str) -> None:
    for text in STORABLE.values():
        user_id, email = str(uuid4()), form.format(text)
        guest = User(http, user_id, email, forge(claims(user_id, email=email)))
        response = guest.post("/api/tasks", json={"title": "a"})
        stored = sql.value("SELECT email FROM users WHERE id = $1", UUID(user_id))
        if response.status_code == 201:
            assert stored == stored.lower().strip(), code_points(stored)
            assert "@" in stored
        else:
            expect.unauthorized(response)
            assert stored is None


@pytest.mark.parametrize("name", PASSWORDS)
def test_password_can_be_any_text(http: httpx.Client, name: str) -> None:
    account = {"email": new_email(), "password": PASSWORDS[name]}
    assert http.post("/api/auth/signup", json=account).status_code == 201
    assert http.post("/api/auth/login", json=account).status_code == 200
    other = http.post("/api/auth/login", json=account | {"password": account["password"] + "a"})
    expect.error(other, 401, "Invalid email or password")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_id_that_is_any_text_is_404(alice: User, method: str) -> None:
    task = alice.add()
    body = {"json": {"title": "a"}} if method == "PUT" else {}
    for text in [*STORABLE.values(), f"{task['id']}\0", f"{task['id']} ", f"{{{task['id']}}}"]:
        response = alice.call(method, f"/api/tasks/{quote(text, safe='')}", **body)
        expect.error(response, 404, "Not found" if "/" in text else "Task not found")
    assert alice.tasks() == [task]


def test_query_of_any_text_is_ignored_or_refused(alice: User) -> None:
    tasks = [alice.add(), alice.add()][::-1]
    for text in STORABLE.values():
        word = quote(text[:100])
        for query in (word, f"{word}={word}", f"user_id={word}&offset={word}&order={word}"):
            assert alice.get(f"/api/tasks?{query}").json() == {"tasks": tasks}
    for limit in LIMITS:
        expect.error(alice.get("/api/tasks", params={"limit": limit[:100]}), 400)
    own = tasks[0]["id"]
    for place in [
        *STORABLE.values(),
        f"{own},",
        f" {own}",
        f"{{{own}}}",
        own.replace("-", ""),
        ",",
    ]:
        response = alice.get("/api/tasks", params={"after": place[:200]})
        expect.error(response, 404, "Task not found")


@pytest.mark.parametrize("name", ONE_LINE)
def test_idempotency_key_of_any_text_is_used_or_refused(
    service: Program, alice: User, name: str
) -> None:
    key = ONE_LINE[name].encode().decode("latin-1")
    headers = {"Idempotency-Key": key, "Content-Length": "13"} | bearer(alice.token)
    request = (service.port, "POST", "/api/tasks", headers, [b'{"title":"a"}'])
    first, second = raw_http.send(*request), raw_http.send(*request)
    assert first.status_code == second.status_code
    if first.status_code == 201:
        assert first.json() == second.json() == {"task": alice.tasks()[0]}
        assert len(alice.tasks()) == 1
    else:
        expect.error(first, 400)
        assert alice.tasks() == []


@pytest.mark.parametrize("name", ONE_LINE)
def test_headers_are_neither_echoed_nor_granted(service: Program, name: str) -> None:
    text = ONE_LINE[name].encode().decode("latin-1")
    sent = {"X-Request-ID": f"<{text}>", "Origin": f"https://{text}", "User-Agent": text}
    response = raw_http.send(service.port, "GET", "/health", sent)
    plain = ONE_LINE[name].replace("\t", " ").encode()
    if any(byte < 32 or byte == 127 for byte in plain):  # RFC 9110, section 5.5
        expect.error(response, 400, "This is not a valid HTTP request")
        return
    assert response.json() == {"status": "healthy"}
    assert response.headers["x-request-id"].isalnum()
    assert [header for header in response.headers if "allow" in header] == []
