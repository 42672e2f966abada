"""The whole life of two users, through the real program and over HTTP alone."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support import expect
from tests.support.tokens import bearer
from tests.support.users import new_email


class Person:
    """Somebody with an e-mail address and a password, and nothing else to start from."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.account = {"email": new_email(), "password": f"a good password {uuid4().hex}"}
        self.headers: dict[str, str] = {}
        self.id = ""

    def sign_up(self) -> None:
        self._enter(self.http.post("/api/auth/signup", json=self.account), 201)

    def log_in(self) -> None:
        self._enter(self.http.post("/api/auth/login", json=self.account), 200)

    def _enter(self, response: httpx.Response, status: int) -> None:
        assert response.status_code == status, response.text
        body = response.json()
        assert body["user"]["email"] == self.account["email"]
        assert self.id in {"", body["user"]["id"]}
        self.id = body["user"]["id"]
        self.headers = bearer(body["token"])

    def ask(self, method: str, path: str = "", body: object = None) -> httpx.Response:
        return self.http.request(method, f"/api/tasks{path}", json=body, headers=self.headers)

    def titles(self) -> list[str]:
        return [task["title"] for task in self.ask("GET").json()["tasks"]]


def test_two_people_keep_their_lists(http: httpx.Client) -> None:
    anna, ben = Person(http), Person(http)

    anna.sign_up()
    ben.sign_up()
    assert anna.id != ben.id
    assert anna.titles() == ben.titles() == []

    anna.log_in()
    milk = expect.task(anna.ask("POST", body={"title": " Buy milk ", "description": "2 l"}), 201)
    bread = expect.task(anna.ask("POST", body={"title": "Buy bread"}), 201)
    car = expect.task(ben.ask("POST", body={"title": "Wash the car"}), 201)
    assert anna.titles() == ["Buy bread", "Buy milk"]
    assert ben.titles() == ["Wash the car"]

    done = expect.task(anna.ask("PUT", f"/{milk['id']}", {"completed": True}))
    assert done == milk | {"completed": True, "updated_at": done["updated_at"]}
    renamed: dict[str, Any] = {"title": "Buy rye bread", "description": "One loaf"}
    assert expect.task(anna.ask("PUT", f"/{bread['id']}", renamed))["title"] == "Buy rye bread"
    assert expect.task(anna.ask("GET", f"/{milk['id']}")) == done

    for method, body in (("GET", None), ("PUT", {"title": "Mine"}), ("DELETE", None)):
        expect.error(ben.ask(method, f"/{milk['id']}", body), 403, "Access denied")
        expect.error(anna.ask(method, f"/{car['id']}", body), 403, "Access denied")
    assert anna.titles() == ["Buy rye bread", "Buy milk"]
    assert ben.titles() == ["Wash the car"]

    assert anna.ask("DELETE", f"/{milk['id']}").status_code == 204
    expect.error(anna.ask("GET", f"/{milk['id']}"), 404, "Task not found")
    expect.error(ben.ask("GET", f"/{milk['id']}"), 404, "Task not found")
    assert anna.titles() == ["Buy rye bread"]

    anna.log_in()
    assert anna.titles() == ["Buy rye bread"]
    wrong = anna.account | {"password": ben.account["password"]}
    expect.error(http.post("/api/auth/login", json=wrong), 401, "Invalid email or password")
