"""Unusual text in addresses, passwords, ids, queries and headers: used or refused, never a 500."""

import unicodedata
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from tests.security.texts import INVISIBLE, STORABLE, UNICODE, UNSTORABLE
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.sql import Sql
from tests.support.tokens import bearer, claims, forge
from tests.support.users import User, new_email

pytestmark = pytest.mark.slow

ADDRESSES = ["{}", "{}@example.com", "a{}@example.com", "a@{}.example", "a@example.{}", '"{}"@a.b']
PASSWORDS = ["e\u0301 \u00e9 a\u0328\u0301", INVISIBLE[:8] + "abcdefgh", "a\nb\rc\r\nd\x1b\x7f\x80"]
LIMITS = [
    *("", "0", "-1", "+1", "1.0", "1e2", "0x1", "1_0", " 1", "1\0", "1;1", "1,1", "１", "1001"),
    *("9" * 20, "9" * 5000, "NaN", "all", "1 OFFSET 1", "(SELECT 1)", *STORABLE),
]
ONE_LINE = [text for text in STORABLE if not {*"\r\n"} & {*text}]


@pytest.mark.parametrize("form", ["a{}@example.com", "a@{}.example"])
def test_address_is_an_account_or_refused(http: httpx.Client, form: str) -> None:
    accounts = 0
    for text in (each for each in UNICODE if len(each) < 16):
        account = {"email": form.format(text), "password": "correct horse"}
        signup = http.post("/api/auth/signup", json=account)
        if signup.status_code == 400:
            expect.error(signup, 400, "Invalid email format")
            continue
        assert signup.status_code == 201, signup.text
        email = signup.json()["user"]["email"]
        local, given = (each.rpartition("@")[0] for each in (email, account["email"]))
        assert local == unicodedata.normalize("NFC", given).lower(), ascii(email)
        login = http.post("/api/auth/login", json=account | {"email": f" {account['email']}\t"})
        assert login.json().get("user") == signup.json()["user"], ascii(email)
        accounts += 1
    assert accounts


@pytest.mark.parametrize("path", ["/api/auth/signup", "/api/auth/login"])
def test_text_that_cannot_be_stored_is_400(http: httpx.Client, path: str) -> None:
    for text in UNSTORABLE:
        for form in ADDRESSES:
            email = form.format(text).replace('"', r"\"")
            body = f'{{"email": "{email}", "password": "12345678"}}'
            expect.error(http.post(path, content=body), 400)
        if path.endswith("signup"):
            body = f'{{"email": "{new_email()}", "password": "12345678{text}"}}'
            assert "cannot be stored" in expect.error(http.post(path, content=body), 400)


@pytest.mark.parametrize("form", ADDRESSES)
def test_address_in_a_token_is_a_user_or_refused(http: httpx.Client, sql: Sql, form: str) -> None:
    for text in STORABLE:
        user_id, email = str(uuid4()), form.format(text)
        user = User(http, user_id, email, forge(claims(user_id, email=email)))
        response = user.post("/api/tasks", json={"title": "a"})
        stored = sql.value("SELECT email FROM users WHERE id = $1", UUID(user_id))
        if response.status_code == 201:
            assert stored == stored.lower().strip(), ascii(stored)
            assert "@" in stored
        else:
            expect.unauthorized(response)
            assert stored is None


@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
def test_password_may_be_any_text(http: httpx.Client, password: str) -> None:
    account = {"email": new_email(), "password": password}
    assert http.post("/api/auth/signup", json=account).status_code == 201
    assert http.post("/api/auth/login", json=account).status_code == 200
    other = http.post("/api/auth/login", json=account | {"password": password + "a"})
    expect.error(other, 401, "Invalid email or password")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_id_of_any_text_is_404(alice: User, method: str) -> None:
    task = alice.add()
    body = {"json": {"title": "a"}} if method == "PUT" else {}
    for text in (*STORABLE, f"{task['id']}\0", f"{task['id']} ", f"{{{task['id']}}}"):
        response = alice.call(method, f"/api/tasks/{quote(text, safe='')}", **body)
        expect.error(response, 404, "Not found" if "/" in text else "Task not found")
    assert alice.tasks() == [task]


def test_query_of_any_text_is_ignored_or_refused(alice: User) -> None:
    tasks = [alice.add(), alice.add()][::-1]
    own = tasks[0]["id"]
    for text in STORABLE:
        word = quote(text[:100])
        for query in (word, f"{word}={word}", f"user_id={word}&offset={word}&order={word}"):
            assert alice.get(f"/api/tasks?{query}").json() == {"tasks": tasks}
    for limit in LIMITS:
        expect.error(alice.get("/api/tasks", params={"limit": limit[:100]}), 400)
    for after in (*STORABLE, f"{own},", f" {own}", f"{{{own}}}", own.replace("-", ""), ","):
        response = alice.get("/api/tasks", params={"after": after[:200]})
        expect.error(response, 404, "Task not found")


def test_idempotency_key_of_any_text_is_used_or_refused(service: Program, alice: User) -> None:
    headers = {"Content-Length": "13"} | bearer(alice.token)
    for text in ONE_LINE:
        key, before = {"Idempotency-Key": text.encode().decode("latin-1")}, alice.tasks()
        request = (service.port, "POST", "/api/tasks", headers | key, [b'{"title":"a"}'])
        first, second = raw_http.send(*request), raw_http.send(*request)
        if first.status_code == 201:
            assert first.json() == second.json()
            assert alice.tasks() == [first.json()["task"], *before]
        else:
            expect.error(first, 400)
            expect.error(second, 400)
            assert alice.tasks() == before


@pytest.mark.parametrize("text", ONE_LINE, ids=lambda text: ascii(text)[:40])
def test_header_of_any_text_is_neither_repeated_nor_granted(service: Program, text: str) -> None:
    value = text.encode().decode("latin-1")
    headers = {"X-Request-ID": f"<{value}>", "Origin": f"https://{value}", "User-Agent": value}
    response = raw_http.send(service.port, "GET", "/health", headers)
    if any(byte < 32 or byte == 127 for byte in text.replace("\t", " ").encode()):
        expect.error(response, 400, "This is not a valid HTTP request")
        return
    assert response.json() == {"status": "healthy"}
    assert response.headers["x-request-id"].isalnum()
    assert [header for header in response.headers if "allow" in header] == []
