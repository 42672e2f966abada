"""A single request, however it is made, does not keep everybody else waiting."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from tests.support.program import Program
from tests.support.users import User

LONGEST_STALL = 1.0  # second
ALMOST_ALL = 1_000_000  # bytes, of the 1,048,576 that a body may have
MARKS = "\u0301\u0316"  # out of their canonical order
ADDRESSES = {
    "letters": "a" * ALMOST_ALL,
    "letters before the at": "a" * ALMOST_ALL + "@example.com",
    "letters behind the at": "a@" + "a" * ALMOST_ALL + ".com",
    "words before the at": "a." * (ALMOST_ALL // 2) + "a@example.com",
    "words behind the at": "a@" + "a." * (ALMOST_ALL // 2) + "com",
    "ats": "@" * ALMOST_ALL,
    "quotes": '"' * (ALMOST_ALL // 2) + "@example.com",
    "escapes": '"' + '\\"' * (ALMOST_ALL // 4) + '"@example.com',
    "brackets": "<>" * (ALMOST_ALL // 2),
    "a name": "a" * ALMOST_ALL + " <a@example.com>",
    "a list of addresses": "a@example.com," * (ALMOST_ALL // 14),
    "an address of digits": "a@[" + "1." * (ALMOST_ALL // 2) + "]",
    "blanks": " " * ALMOST_ALL + "a@",
    "blanks within": "a" + " " * ALMOST_ALL + "@example.com",
    "marks in order": "a" + MARKS[0] * (ALMOST_ALL // 2) + "@example.com",
    "marks out of order": "a" + MARKS * 40_000 + "@example.com",
    "marks behind the at": "a@a" + MARKS * 40_000 + ".com",
    "ligatures": "ﷺ" * (ALMOST_ALL // 3) + "@example.com",
    "ligatures behind the at": "a@" + "ﷺ" * (ALMOST_ALL // 3) + ".com",
    "letters of punycode": "a@xn--" + "a9" * (ALMOST_ALL // 2) + ".com",
}
DOCUMENTS = {
    "lists": b"[" + b"[]," * (ALMOST_ALL // 3) + b"[]]",
    "objects": b"[" + b"{}," * (ALMOST_ALL // 3) + b"{}]",
    "members": b"{" + b",".join(b'"%d":1' % number for number in range(100_000)) + b"}",
    "digits": b"9" * ALMOST_ALL,
    "lists of digits": b"[" + b"9" * 4_000 + (b"," + b"9" * 4_000) * 200 + b"]",
    "digits of a fraction": b"0." + b"9" * ALMOST_ALL,
    "digits of an exponent": b"1e" + b"9" * ALMOST_ALL,
    "digits of a small number": b"0." + b"0" * ALMOST_ALL + b"1",
    "escapes": b'"' + rb"\u0041" * (ALMOST_ALL // 6) + b'"',
    "halves of pairs": b'"' + rb"\ud800" * (ALMOST_ALL // 6) + b'"',
    "blanks": b" " * ALMOST_ALL + b"1",
    "lines": b"\n" * ALMOST_ALL + b"a",
    "brackets": b"[" * ALMOST_ALL,
    "an open string": b'"' + b"a" * ALMOST_ALL,
    "backslashes": b'"' + b"\\\\" * (ALMOST_ALL // 2),
    "bytes that are no letters": b'"' + b"\xff" * ALMOST_ALL,
    "nested as deep as may be": (b"[" * 900 + b"]" * 900 + b",") * 500,
}

Figure = Callable[[str, object], None]


def stall(service: Program, ask: Callable[[], httpx.Response]) -> tuple[float, httpx.Response]:
    """The longest that anybody else waited while this was answered, and the answer."""
    longest = 0.0
    with ThreadPoolExecutor(1) as other, httpx.Client(base_url=service.url, timeout=300) as http:
        answer = other.submit(ask)
        while not answer.done():
            began = time.perf_counter()
            assert http.get("/health").status_code == 200
            longest = max(longest, time.perf_counter() - began)
        return longest, answer.result()


def ask_all(
    service: Program, path: str, bodies: dict[str, bytes], user: User
) -> dict[str, tuple[float, int]]:
    """How long each of these bodies keeps others waiting, and its status."""
    found = {}
    for name, body in bodies.items():
        longest, answer = stall(service, partial(user.post, path, content=body))
        found[name] = longest, answer.status_code
    return found


def judge(
    found: dict[str, tuple[float, int]], statuses: set[int], name: str, figure: Figure
) -> None:
    longest = max(found, key=lambda each: found[each])
    figure(f"{name}, longest wait of others", f"{found[longest][0] * 1000:.0f} ms ({longest})")
    assert {status for _, status in found.values()} <= statuses
    assert {each: wait for each, (wait, _) in found.items() if wait > LONGEST_STALL} == {}


@pytest.mark.slow
@pytest.mark.parametrize(("path", "status"), [("signup", 400), ("login", 401)])
def test_an_address_keeps_nobody_waiting(
    service: Program, alice: User, path: str, status: int, figure: Figure
) -> None:
    bodies = {
        name: json.dumps({"email": text, "password": "12345678"}, ensure_ascii=False).encode()
        for name, text in ADDRESSES.items()
    }
    assert max(map(len, bodies.values())) < 1_048_576
    found = ask_all(service, f"/api/auth/{path}", bodies, alice)
    judge(found, {status}, f"odd addresses of 1 MB at {path}", figure)


def test_the_marks_of_an_address_keep_nobody_waiting(
    service: Program, alice: User, figure: Figure
) -> None:
    body = {"email": ADDRESSES["marks out of order"], "password": "12345678"}
    longest, answer = stall(service, lambda: alice.post("/api/auth/signup", json=body))
    figure("an address of 80,000 combining marks, longest wait of others", f"{longest:.3f} s")
    assert answer.status_code == 400
    assert longest < LONGEST_STALL


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/auth/signup", "/api/auth/login", "/api/tasks"])
@pytest.mark.parametrize("place", [b"%s", b'{"title":%s}'], ids=["alone", "as the title"])
def test_a_document_keeps_nobody_waiting(
    service: Program, alice: User, path: str, place: bytes, figure: Figure
) -> None:
    bodies = {name: place % document for name, document in DOCUMENTS.items()}
    found = ask_all(service, path, bodies, alice)
    judge(found, {400, 422}, f"odd JSON of 1 MB in {place.decode()} at {path}", figure)
    assert alice.tasks() == []


@pytest.mark.slow
def test_long_text_keeps_nobody_waiting(service: Program, alice: User, figure: Figure) -> None:
    fields = ("title", "description", "password", "email", "n")
    texts = {"letters": "a" * 200_000, "blanks": " " * 200_000, "marks": MARKS * 50_000}
    bodies = {
        name: json.dumps(dict.fromkeys(fields, text), ensure_ascii=False).encode()
        for name, text in texts.items()
    }
    for path in ("/api/tasks", "/api/auth/signup"):
        judge(ask_all(service, path, bodies, alice), {400}, f"long text at {path}", figure)
