"""A running program, asked for every answer that it has: each operation, each way to go wrong."""

import json
from collections import defaultdict
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.documented import Documented
from tests.support import raw_http
from tests.support.program import Program, eventually
from tests.support.tokens import bearer

NAMES = [
    *("getWelcome", "checkHealth", "checkReadiness", "signup", "login"),
    *("listTasks", "createTask", "getTask", "updateTask", "deleteTask"),
]
GOOD = {
    "signup": {"email": "ada@example.com", "password": "correct horse"},
    "login": {"email": "ada@example.com", "password": "correct horse"},
    "createTask": {"title": "Buy milk"},
    "updateTask": {"completed": True},
}
TEXTS = [
    *({"title": title} for title in (1, "x" * 256, "\0", "")),
    *({"title": "Buy milk", "description": text} for text in (1, "x" * 1001, "\0")),
]
BAD: dict[str, list[Any]] = {
    "signup": [
        *([], {}, {"password": "correct horse"}, {"email": "ada@example.com"}),
        *(GOOD["signup"] | {"email": email} for email in (1, "ada", "\0")),
        *(GOOD["signup"] | {"password": each} for each in (1, "horse", "\0" * 8, "x" * 73)),
    ],
    "login": [{}],
    "createTask": [[], *TEXTS],
    "updateTask": [[], *TEXTS, {"completed": "yes"}],
}
TOO_MUCH = str(1_048_577)


class Heard:
    """All answers of a program to requests that provoke them, by operation and status."""

    def __init__(self, program: Program, http: httpx.Client) -> None:
        self.program = program
        self.http = http
        self.documented = Documented(http)
        self.answers: dict[str, list[httpx.Response]] = defaultdict(list)
        ada = http.post("/api/auth/signup", json=GOOD["signup"])
        self.answers["signup"].append(ada)
        self.token = ada.json()["token"]
        self.task_id = str(uuid4())

    def ask(self, name: str, token: str = "", query: str = "", **options: Any) -> httpx.Response:
        method, path = self.place(name)
        headers = bearer(token or self.token) | options.pop("headers", {})
        answer = self.http.request(method, f"{path}{query}", headers=headers, **options)
        self.answers[name].append(answer)
        return answer

    def place(self, name: str) -> tuple[str, str]:
        operation = self.documented.operations[name]
        return operation["method"], operation["path"].replace("{id}", self.task_id)

    def ask_all(self, *names: str, token: str = "") -> None:
        """Each operation, with a good body."""
        for name in names:
            self.ask(name, token, json=GOOD.get(name))

    def the_life_of_a_task(self, stranger: str) -> None:
        self.ask_all(*(name for name in NAMES if self.place(name)[1].endswith(self.task_id)))
        self.task_id = self.ask("createTask", json=GOOD["createTask"]).json()["task"]["id"]
        self.ask_all("listTasks", "getTask")
        self.ask_all("getTask", "updateTask", "deleteTask", token=stranger)
        for name in BAD:
            self.mistakes(name)
        self.ask_all("updateTask", "deleteTask")

    def mistakes(self, name: str) -> None:
        """No JSON, and JSON that is not what the operation takes."""
        for body in BAD[name]:
            self.ask(name, json=body)
        whole = json.dumps(self.documented.request(name))
        for text in (whole[:-1].encode(), b'{"n": NaN}', whole.encode("utf-16")):
            self.ask(name, content=text)

    def odd_requests(self) -> None:
        self.ask("signup", json=GOOD["signup"])
        self.ask("login", json=GOOD["login"] | {"password": "wrong horse"})
        for query in ("?limit=0", "?limit=1&limit=2", f"?after={uuid4()}"):
            self.ask("listTasks", query=query)
        for key, title in (("a b", "Once"), ("a", "Once"), ("a", "Twice")):
            headers = {"Idempotency-Key": key}
            answer = self.ask("createTask", json={"title": title}, headers=headers)
            if answer.is_success:  # heard before, with its example
                self.answers["createTask"].pop()

    def nobody_and_too_much(self) -> None:
        headers = bearer(self.token) | {"Content-Length": TOO_MUCH}
        for name in NAMES:
            if "security" in self.documented.operations[name]:
                self.ask(name, token="rubbish")
            answer = raw_http.send(self.program.port, *self.place(name), headers)
            self.answers[name].append(answer)

    def the_end(self) -> None:
        assert self.program.process
        self.program.process.terminate()
        assert eventually(lambda: self.ask("checkReadiness").status_code == 503)

    def of(self, name: str) -> dict[int, list[httpx.Response]]:
        found = defaultdict(list)
        for answer in self.answers[name]:
            found[answer.status_code].append(answer)
        return found
