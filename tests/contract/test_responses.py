"""A response of each status of each operation: as documented, and with the common headers."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.contract.openapi import examples, normalize, operations
from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.users import User, new_email

ORIGIN = {"Origin": FRONTEND}
UNKNOWN = str(uuid4())
ACCOUNT = {"email": "ada@example.com", "password": "correct horse"}
KEY, BAD_KEY = {"Idempotency-Key": "a"}, {"Idempotency-Key": "a b"}
BODIES: dict[str, Any] = {
    "signup": ACCOUNT,
    "login": ACCOUNT,
    "createTask": {"title": "Buy milk"},
    "updateTask": {"completed": True},
}
ONE_TASK = ("getTask", "updateTask", "deleteTask")
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
    *((name, {"task_id": task_id}) for task_id in (UNKNOWN, None) for name in ONE_TASK),
]
BUG = {"error": "Internal server error"}  # see test_openapi.py
FULL_QUEUE = {("signup", 503), ("login", 503)}  # see tests/security/test_sign_in_queue.py


class Recorder:
    """Sends requests of a user, and keeps the responses by operation and status."""

    def __init__(self, http: httpx.Client) -> None:
        self.document = http.get("/openapi.json").json()
        self.operations = operations(self.document)
        self.responses: dict[tuple[str, int], list[httpx.Response]] = defaultdict(list)
        self.user = self.nobody = User(http, "", "", "rubbish")
        self.stranger = User(http, UNKNOWN, new_email())
        self.task_id = UNKNOWN
        created = self.send("signup").json()
        self.user = User(http, created["user"]["id"], ACCOUNT["email"], created["token"])
        self.task_id = self.send("createTask", headers=KEY).json()["task"]["id"]

    def send(
        self, name: str, user: User | None = None, task_id: str | None = None, **options: Any
    ) -> httpx.Response:
        operation = self.operations[name]
        if "content" not in options:
            options = {"json": BODIES.get(name)} | options
        options["headers"] = ORIGIN | options.get("headers", {})
        path = operation["path"].replace("{id}", task_id or self.task_id)
        response = (user or self.user).call(operation["method"], path, **options)
        self.responses[name, response.status_code].append(response)
        return response

    def send_all(self) -> None:
        for name, operation in self.operations.items():
            self.send(name, content=b" " * 1_048_577)
            if "security" in operation:
                self.send(name, self.nobody)
            if "requestBody" in operation:
                self.send(name, content=b"")
            if "{id}" in operation["path"]:
                self.send(name, self.stranger)
        for name, options in REQUESTS:
            self.send(name, **options)


@pytest.fixture(scope="module")
def recorder(proxied: Program, proxy: Proxy) -> Iterator[Recorder]:
    with httpx.Client(base_url=proxied.url, timeout=20) as http:
        recorder = Recorder(http)
        recorder.send_all()
        proxy.refuse()
        for name in recorder.operations:
            recorder.send(name)
        proxy.open()
        proxied.terminate()
        assert eventually(lambda: recorder.send("checkReadiness").status_code == 503)
        yield recorder


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
    assert documented.keys() >= FULL_QUEUE
    assert given == {
        place: bodies for place, bodies in documented.items() if bodies and place not in FULL_QUEUE
    }


def test_documented_headers_are_sent_and_no_others(recorder: Recorder) -> None:
    described = recorder.document["components"]["headers"]
    assert set(described) == {"X-Request-ID", "Retry-After", "WWW-Authenticate", "Link"}
    for (name, status), responses in recorder.responses.items():
        named = dict(recorder.operations[name]["responses"][str(status)]["headers"])
        assert named == {each: {"$ref": f"#/components/headers/{each}"} for each in named}
        sent = {(each, one.headers.get(each)) for one in responses for each in described}
        sent = {(each, normalize(value)) for each, value in sent if value is not None}
        if (name, status) == ("listTasks", 200):  # see test_openapi.py
            named.pop("Link")
        assert sent == {(each, normalize(str(described[each]["example"]))) for each in named}
    for name, status in FULL_QUEUE:
        response = recorder.operations[name]["responses"][str(status)]
        assert set(response["headers"]) == {"X-Request-ID", "Retry-After"}


def test_every_response_has_the_common_headers(recorder: Recorder) -> None:
    every = []
    for (name, _), responses in recorder.responses.items():
        for response in responses:
            expect.common_headers(response, recorder.operations[name]["path"], FRONTEND)
            every.append(response.headers["x-request-id"])
    assert len(set(every)) == len(every)
