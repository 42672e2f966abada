"""Blanks around a header's value are no part of it (RFC 9110, section 5.5); a path has none."""

import pytest

from tests.conftest import FRONTEND
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

AROUND = ["{} ", " {}", "{}\t", "\t {} \t ", "{}" + " " * 500]


@pytest.mark.parametrize("blanks", AROUND)
def test_blanks_around_a_value_do_not_matter(service: Program, alice: User, blanks: str) -> None:
    headers = bearer(alice.token) | {"Origin": FRONTEND, "X-Request-ID": "mine"}
    headers = {name: blanks.format(value) for name, value in headers.items()}
    answer = raw_http.send(service.port, "GET", "/api/tasks", headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRONTEND
    assert answer.headers["x-request-id"] == "mine"


@pytest.mark.parametrize("blanks", AROUND)
def test_one_key_is_one_key(service: Program, alice: User, blanks: str) -> None:
    body = b'{"title": "Buy milk"}'
    answers = []
    for key in ("key", blanks.format("key")):
        headers = bearer(alice.token) | {"Idempotency-Key": key, "Content-Length": str(len(body))}
        answers.append(raw_http.send(service.port, "POST", "/api/tasks", headers, [body]))
    assert expect.task(answers[0], 201) == expect.task(answers[1], 201)
    assert len(alice.tasks()) == 1


@pytest.mark.parametrize("path", ["/", "/health", "/health/ready", "/api/tasks", "/docs"])
@pytest.mark.parametrize("end", ["%0A", "%0D%0A", "%20", "%00", "%0A?limit=1"])
def test_a_path_with_something_behind_it_is_another(alice: User, path: str, end: str) -> None:
    alice.add()
    alice.add()
    for method in ("GET", "PATCH"):
        expect.error(alice.call(method, path + end), 404)
