"""Every response that the OpenAPI document shows is one that the program gives, and no other."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.openapi import body_example, examples, normalize, operations
from tests.support import raw_http
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.sql import new_database
from tests.support.tokens import bearer, claims, sign
from tests.support.users import new_email

UNKNOWN = str(uuid4())
ACCOUNT = {"email": "ada@example.com", "password": "correct horse"}
KEY, BAD_KEY = {"Idempotency-Key": "a"}, {"Idempotency-Key": "a b"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [  # without a body of its own, with the example
    *((name, {}) for name in ("getIndex", "checkHealth", "checkReadiness", "signup", "login")),
    ("signup", {"json": ACCOUNT | {"email": "ada"}}),
    *(("signup", {"json": ACCOUNT | {"password": text}}) for text in ("horse", "x" * 73)),
    *(("login", {"json": body}) for body in ({}, ACCOUNT | {"password": "wrong horse"})),
    *(("createTask", {"json": {"title": text}, "headers": KEY}) for text in ("Buy bread", "")),
    ("createTask", {"headers": BAD_KEY}),
    ("updateTask", {"json": {"title": ""}}),
    *(("listTasks", {"params": query}) for query in ("limit=0", "limit=1&limit=2")),
    *(("listTasks", {"params": query}) for query in ("", f"after={UNKNOWN}")),
    *(("getTask", {"task_id": UNKNOWN}), ("getTask", {})),
    *(("updateTask", {"task_id": UNKNOWN}), ("updateTask", {})),
    *(("deleteTask", {"task_id": UNKNOWN}), ("deleteTask", {})),
]
NOT_PROVOKED = {  # with the test that does
    ("signup", 503): "tests/security/test_sign_in_queue.py",
    ("login", 503): "tests/security/test_sign_in_queue.py",
}
BUG = {"error": "Internal server error"}  # see test_openapi_plugin.py


class Provoker:
    """Sends requests to a program, and collects the responses by operation and status."""

    def __init__(self, program: Program, http: httpx.Client) -> None:
        self.program = program
        self.http = http
        self.document = http.get("/openapi.json").json()
        self.operations = operations(self.document)
        self.responses: dict[tuple[str, int], list[httpx.Response]] = defaultdict(list)
        self.token, self.task_id = "none", UNKNOWN
        self.token = self.call("signup").json()["token"]
        self.task_id = self.call("createTask", headers=KEY).json()["task"]["id"]
        self.stranger = sign(claims(str(uuid4()), email=new_email()))

    def call(self, name: str, **options: Any) -> httpx.Response:
        token = options.pop("token", self.token)
        method, path = self.place(name, options.pop("task_id", ""))
        if options.keys().isdisjoint({"json", "content"}):
            options["json"] = body_example(self.document, self.operations[name])
        headers = bearer(token) | options.pop("headers", {})
        response = self.http.request(method, path, headers=headers, **options)
        return self.add(name, response)

    def place(self, name: str, task_id: str = "") -> tuple[str, str]:
        operation = self.operations[name]
        path = operation["path"].replace("{id}", task_id or self.task_id)
        return operation["method"], path

    def add(self, name: str, response: httpx.Response) -> httpx.Response:
        self.responses[name, response.status_code].append(response)
        return response

    def call_all(self) -> None:
        for name in self.operations:
            self.call(name)

    def send_what_any_operation_refuses(self) -> None:
        """A body that is too large; where they apply, no JSON, no token and another user's."""
        too_large = bearer(self.token) | {"Content-Length": str(10**9)}
        for name, operation in self.operations.items():
            self.add(name, raw_http.send(self.program.port, *self.place(name), too_large))
            if "requestBody" in operation:
                self.call(name, content=b"")
            if "security" in operation:
                self.call(name, token="rubbish")
            if "{id}" in operation["path"]:
                self.call(name, token=self.stranger)


@pytest.fixture(scope="module")
def provoked(
    start: Callable[..., Program], postgres: str, postgres_port: int
) -> Iterator[Provoker]:
    proxy = Proxy(postgres_port)
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    with httpx.Client(base_url=program.url, timeout=20) as http:
        provoker = Provoker(program, http)
        provoker.send_what_any_operation_refuses()
        for name, options in REQUESTS:
            provoker.call(name, **options)
        proxy.refuse()
        provoker.call_all()
        proxy.open()
        assert program.process
        program.process.terminate()
        assert eventually(lambda: provoker.call("checkReadiness").status_code == 503)
        yield provoker
    program.kill()
    proxy.close()


def test_documented_and_provoked_responses_are_the_same(provoked: Provoker) -> None:
    documented = {
        (name, int(status)): {normalize(each) for each in examples(response) if each != BUG}
        for name, operation in provoked.operations.items()
        for status, response in operation["responses"].items()
    }
    found = {
        place: {normalize(each.json() if each.content else "") for each in responses}
        for place, responses in provoked.responses.items()
    }
    expected = {place: bodies for place, bodies in documented.items() if bodies}
    for place in NOT_PROVOKED:
        assert expected.pop(place)
    assert found == expected


def test_documented_headers_are_sent(provoked: Provoker) -> None:
    described = provoked.document["components"]["headers"]
    for place, responses in provoked.responses.items():
        sent = {each for each in described for found in responses if each in found.headers}
        sent |= {"Link"} if place == ("listTasks", 200) else set()  # see test_tasks_pages.py
        assert headers_of(provoked, *place) == sent, place
        for each in sent - {"Link"}:
            values = {found.headers[each] for found in responses if each in found.headers}
            assert set(map(normalize, values)) == {normalize(str(described[each]["example"]))}
    for place in NOT_PROVOKED:
        assert headers_of(provoked, *place) == {"X-Request-ID", "Retry-After"}


def headers_of(provoked: Provoker, name: str, status: int) -> set[str]:
    named = provoked.operations[name]["responses"][str(status)]["headers"]
    assert named == {each: {"$ref": f"#/components/headers/{each}"} for each in named}
    return set(named)


def test_documented_token_is_like_a_real_one_but_not_valid(provoked: Provoker) -> None:
    [shown] = examples(provoked.operations["login"]["responses"]["200"])
    parts, real = shown["token"].split("."), provoked.token.split(".")
    assert (len(parts), parts[0]) == (len(real), real[0])
    assert "…" in shown["token"]
