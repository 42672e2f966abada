"""Methods and targets of every kind: one answer each, and never another resource."""

import pytest

from tests.support.program import Program
from tests.support.raw_http import assert_refused, assert_served, exchange, receive_all
from tests.support.users import User

LINE = b"%s %s HTTP/1.1\r\nHost: a\r\n\r\n"
UNKNOWN_METHODS = {
    "small letters": b"get",
    "mixed letters": b"Get",
    "very long": b"M" * 10_000,
    "none": b"",
    "a blank before": b" GET",
    "a letter beyond ASCII": b"G\xffT",
    "NUL": b"GET\x00",
    "two": b"GET,POST",
    "a bracket": b"GET(",
    "a colon": b"GET:",
    "half of one": b"GE",
    "one and more": b"GETS",
    "HTTP/2's": b"PRI",
    "of a coffee pot": b"BREW",
    "of another protocol": b"DESCRIBE",
}
OTHER_METHODS = [
    *(b"TRACE", b"PATCH", b"PROPFIND", b"SEARCH", b"PURGE", b"LINK", b"M-SEARCH", b"SOURCE"),
    *(b"COPY", b"LOCK", b"MKCOL", b"MOVE", b"REPORT", b"SUBSCRIBE", b"ACL", b"BIND"),
]
NO_TARGETS = {
    "none": b"",
    "no slash": b"health",
    "a backslash": b"\\health",
    "a colon": b"a:80",
    "a script": b"javascript:alert(1)",
    "no host": b"http://",
    "a port that is none": b"http://[::1]:x/",
    "a blank": b"/he alth",
    "a tab": b"/health\t",
    "a vertical tab": b"/health\x0b",
    "NUL": b"/health\x00",
    "delete": b"/health\x7f",
    "a letter beyond ASCII": b"/h\xc3\xa9",
    "a byte that is no letter": b"/h\xff",
    "a byte that is no letter in the query": b"/health?\xff",
}
NOWHERE = {
    "two slashes": b"//health",
    "three slashes": b"///health",
    "a dot": b"/./health",
    "two dots": b"/api/../health",
    "two dots behind": b"/health/../health",
    "two dots, encoded": b"/api/%2e%2e/health",
    "two dots and a slash, encoded": b"/api/..%2fhealth",
    "a backslash": b"/health\\",
    "a parameter": b"/health;a=b",
    "an encoded query": b"/health%3Fa=b",
    "an encoded NUL": b"/health%00",
    "an encoded line end": b"/health%0d%0aX:%20y",
    "an encoded blank": b"/health%20",
    "an overlong slash": b"/%c0%afhealth",
    "a byte that is no letter": b"/%ff",
    "half an escape": b"/%",
    "another half": b"/%2",
    "no escape": b"/%zz",
    "capitals": b"/HEALTH",
    "another script": b"/%D2%BBealth",
    "a full-width letter": b"/%EF%BD%88ealth",
    "an asterisk": b"*",
    "files of ours": b"/docs/../service.py",
    "files of ours, encoded": b"/docs/%2e%2e/service.py",
    "files of ours, all encoded": b"/docs/..%2f..%2fservice.py",
    "files of ours, backslashes": b"/docs/..\\..\\service.py",
    "files of the system": b"/docs//etc/passwd",
    "files of the system, encoded": b"/docs/%2fetc%2fpasswd",
    "settings": b"/.env",
    "a repository": b"/.git/config",
    "a program": b"/service.py",
}
THE_SAME = [
    *(b"/health?", b"/health??", b"/health?a=%00", b"/health?a=b#c", b"/health#a", b"/he%61lth"),
    *(b"/%68%65%61%6c%74%68", b"http://a/health", b"http://evil.example/health?a"),
    *(b"https://[::1]:80/health", b"http://user:password@a/health"),
]


@pytest.mark.parametrize("name", UNKNOWN_METHODS)
def test_a_method_that_is_none_is_refused(service: Program, name: str) -> None:
    assert_refused(service, exchange(service, LINE % (UNKNOWN_METHODS[name], b"/health")))


@pytest.mark.parametrize("method", OTHER_METHODS)
@pytest.mark.parametrize("path", [b"/health", b"/api/tasks", b"/api/auth/login"])
def test_a_method_that_a_route_does_not_have_is_405(
    service: Program, method: bytes, path: bytes
) -> None:
    answers = exchange(service, LINE % (method, path))
    assert_served(service, answers, 405)
    assert "OPTIONS" in answers[0].headers["allow"]


def test_trace_repeats_nothing(service: Program) -> None:
    head = b"TRACE /health HTTP/1.1\r\nHost: a\r\nX: echo-me\r\nCookie: echo-me\r\n\r\n"
    assert b"echo-me" not in b"".join(answer.body for answer in exchange(service, head))


def test_a_method_is_not_overridden(service: Program, alice: User) -> None:
    task = alice.add()
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        alice.get(f"/api/tasks/{task['id']}?_method=DELETE", headers={name: "DELETE"})
        alice.post("/api/tasks?_method=DELETE", headers={name: "DELETE"}, json={})
    assert alice.tasks() == [task]


def test_head_has_no_body_and_the_next_answer_is_whole(service: Program) -> None:
    for path, status in ((b"/health", b"200"), (b"/nowhere", b"404"), (b"/api/tasks", b"401")):
        received = receive_all(service, LINE % (b"HEAD", path))
        head, next_head, body = received.split(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %s " % status)
        assert b"x-request-id: next" in next_head
        assert body == b'{"status":"healthy"}'


def test_options_has_no_body_and_the_next_answer_is_whole(service: Program) -> None:
    assert_served(service, exchange(service, LINE % (b"OPTIONS", b"/health")), 204)


@pytest.mark.parametrize("name", NO_TARGETS)
def test_a_target_that_is_none_is_refused(service: Program, name: str) -> None:
    assert_refused(service, exchange(service, LINE % (b"GET", NO_TARGETS[name])))


@pytest.mark.parametrize("name", NOWHERE)
def test_a_target_that_is_nowhere_is_404(service: Program, name: str) -> None:
    answers = exchange(service, LINE % (b"GET", NOWHERE[name]))
    assert_served(service, answers, 404)
    assert answers[0].body == b'{"error":"Not found"}'


@pytest.mark.parametrize("target", THE_SAME)
def test_another_way_to_write_a_target_is_the_same_resource(
    service: Program, target: bytes
) -> None:
    answers = exchange(service, LINE % (b"GET", target))
    assert_served(service, answers, 200)
    assert answers[0].body == answers[1].body


@pytest.mark.parametrize(
    "target", [b"/api%2ftasks", b"/%61pi/tasks", b"http://a/api/tasks", b"/api/tasks?/health"]
)
def test_another_way_to_write_a_private_target_is_private(service: Program, target: bytes) -> None:
    answers = exchange(service, LINE % (b"GET", target))
    assert_served(service, answers, 401)
    assert answers[0].body == b'{"error":"Unauthorized"}'
