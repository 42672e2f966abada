"""The responses that the OpenAPI document shows are those that the program gives."""

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
from tests.support.tokens import bearer
from tests.support.users import User, new_email

Place = tuple[str, int]  # an operation and a status
UNKNOWN = str(uuid4())
ACCOUNT = {"email": "ada@example.com", "password": "correct horse"}
KEY, BAD_KEY = {"Idempotency-Key": "a"}, {"Idempotency-Key": "a b"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("getIndex", "checkHealth", "checkReadiness", "signup", "login")),
    ("signup", {"json": ACCOUNT | {"email": "ada"}}),
    *(("signup", {"json": ACCOUNT | {"password": text}}) for text in ("horse", "x" * 73)),
    *(("login", {"json": body}) for body in ({}, ACCOUNT | {"password": "wrong horse"})),
    *(("createTask", {"json": {"title": text}, "headers": KEY}) for text in ("Buy bread", "")),
    ("createTask", {"headers": BAD_KEY}),
    ("updateTask", {"json": {"title": ""}}),
    *(("listTasks", {"params": query}) for query in ("limit=0", "limit=1&limit=2", "")),
    ("listTasks", {"params": {"after": UNKNOWN}}),
    *((name, {"task_id": UNKNOWN}) for name in ("getTask", "updateTask", "deleteTask")),
    *((name, {}) for name in ("getTask", "updateTask", "deleteTask")),
]
BUG = {"error": "Internal server error"}  # see test_openapi_plugin.py
FULL_QUEUE = {("signup", 503), ("login", 503)}  # see tests/security/test_sign_in_queue.py


class Recorder:
    """Sends requests, and keeps the responses by operation and status."""

    def __init__(self, program: Program, http: httpx.Client) -> None:
        self.program = program
        self.document = http.get("/openapi.json").json()
        self.operations = operations(self.document)
        self.responses: dict[Place, list[httpx.Response]] = defaultdict(list)
        self.task_id = UNKNOWN
        self.stranger, self.nobody = User(http, UNKNOWN, new_email()), User(http, "", "", "rubbish")
        created = self.send("signup", self.nobody).json()
        self.user = User(http, created["user"]["id"], ACCOUNT["email"], created["token"])
        self.task_id = self.send("createTask", headers=KEY).json()["task"]["id"]

    def send(self, name: str, user: User | None = None, **options: Any) -> httpx.Response:
        """Send a request with the example of the body, where there is no other."""
        method, path = self.target(name, options.pop("task_id", self.task_id))
        if "content" not in options:
            options = {"json": body_example(self.document, self.operations[name])} | options
        response = (user or self.user).call(method, path, **options)
        self.responses[name, response.status_code].append(response)
        return response

    def send_too_much(self, name: str) -> None:
        headers = bearer(self.user.token) | {"Content-Length": str(10**9)}
        target = self.target(name, self.task_id)
        response = raw_http.send(self.program.port, *target, headers)
        self.responses[name, response.status_code].append(response)

    def target(self, name: str, task_id: str) -> tuple[str, str]:
        operation = self.operations[name]
        return operation["method"], operation["path"].replace("{id}", task_id)

    def headers(self, name: str, status: int) -> set[str]:
        """The documented headers."""
        named = self.operations[name]["responses"][str(status)]["headers"]
        assert named == {each: {"$ref": f"#/components/headers/{each}"} for each in named}
        return set(named)


@pytest.fixture(scope="module")
def recorder(
    start: Callable[..., Program], postgres: str, postgres_port: int
) -> Iterator[Recorder]:
    proxy = Proxy(postgres_port)
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    with httpx.Client(base_url=program.url, timeout=20) as http:
        recorder = Recorder(program, http)
        for name, operation in recorder.operations.items():
            recorder.send_too_much(name)
            if "security" in operation:
                recorder.send(name, recorder.nobody)
            if "requestBody" in operation:
                recorder.send(name, content=b"")
            if "{id}" in operation["path"]:
                recorder.send(name, recorder.stranger)
        for name, options in REQUESTS:
            recorder.send(name, **options)
        proxy.refuse()
        for name in recorder.operations:
            recorder.send(name)
        proxy.open()
        program.terminate()
        assert eventually(lambda: recorder.send("checkReadiness").status_code == 503)
        yield recorder
    program.kill()
    proxy.close()


def test_documented_responses_are_given_and_no_others(recorder: Recorder) -> None:
    documented = {
        (name, int(status)): {normalize(each) for each in examples(response) if each != BUG}
        for name, operation in recorder.operations.items()
        for status, response in operation["responses"].items()
    }
    given = {
        place: {normalize(each.json() if each.content else None) for each in responses}
        for place, responses in recorder.responses.items()
    }
    assert given == {
        place: bodies for place, bodies in documented.items() if bodies and place not in FULL_QUEUE
    }


def test_documented_headers_are_sent_and_no_others(recorder: Recorder) -> None:
    described = recorder.document["components"]["headers"]
    assert set(described) == {"X-Request-ID", "Retry-After", "WWW-Authenticate", "Link"}
    for place, responses in recorder.responses.items():
        sent = {each for each in described for found in responses if each in found.headers}
        link = {"Link"} if place == ("listTasks", 200) else set()  # see test_openapi.py
        assert recorder.headers(*place) == sent | link, place
        for each in sent:
            values = {found.headers[each] for found in responses if each in found.headers}
            assert set(map(normalize, values)) == {normalize(str(described[each]["example"]))}
    for place in FULL_QUEUE:
        assert recorder.headers(*place) == {"X-Request-ID", "Retry-After"}


def test_example_of_a_token_is_like_a_real_one_but_not_valid(recorder: Recorder) -> None:
    [shown] = examples(recorder.operations["login"]["responses"]["200"])
    parts, real = shown["token"].split("."), recorder.user.token.split(".")
    assert (len(parts), parts[0]) == (len(real), real[0])
    assert "…" in shown["token"]
