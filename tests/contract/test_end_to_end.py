"""The whole life of two users, over HTTP alone."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support import expect
from tests.support.users import User, new_email


class NewUser(User):
    """A user who has an e-mail and a password, and gets the token from the service."""

    def __init__(self, http: httpx.Client) -> None:
        self.account = {"email": new_email(), "password": f"a good password {uuid4().hex}"}
        response = http.post("/api/auth/signup", json=self.account)
        assert response.status_code == 201, response.text
        user = response.json()["user"]
        assert user["email"] == self.account["email"]
        super().__init__(http, user["id"], user["email"], response.json()["token"])

    def log_in(self) -> None:
        response = self.http.post("/api/auth/login", json=self.account)
        assert response.status_code == 200, response.text
        assert response.json()["user"] == {"id": self.id, "email": self.email}
        self.token = response.json()["token"]


def test_two_people_keep_their_lists(http: httpx.Client) -> None:
    anna, ben = NewUser(http), NewUser(http)
    assert anna.id != ben.id
    assert anna.tasks() == ben.tasks() == []

    anna.log_in()
    milk = anna.add(" Buy milk ", description="2 l")
    bread, car = anna.add("Buy bread"), ben.add("Wash the car")
    assert milk["title"] == "Buy milk"
    assert (anna.tasks(), ben.tasks()) == ([bread, milk], [car])

    done = expect.task(anna.put(f"/api/tasks/{milk['id']}", json={"completed": True}))
    assert done == milk | {"completed": True, "updated_at": done["updated_at"]}
    changes: dict[str, Any] = {"title": "Buy rye bread", "description": "One loaf"}
    rye = expect.task(anna.put(f"/api/tasks/{bread['id']}", json=changes))
    assert rye == bread | changes | {"updated_at": rye["updated_at"]}
    assert expect.task(anna.get(f"/api/tasks/{milk['id']}")) == done

    for user, task in ((ben, milk), (anna, car)):
        for method, body in (("GET", None), ("PUT", {"title": "Mine"}), ("DELETE", None)):
            response = user.call(method, f"/api/tasks/{task['id']}", json=body)
            expect.error(response, 403, "Access denied")
    assert (anna.tasks(), ben.tasks()) == ([rye, done], [car])

    assert anna.delete(f"/api/tasks/{milk['id']}").status_code == 204
    for user in (anna, ben):
        expect.error(user.get(f"/api/tasks/{milk['id']}"), 404, "Task not found")

    anna.log_in()
    assert anna.tasks() == [rye]
    wrong = anna.account | {"password": ben.account["password"]}
    expect.error(http.post("/api/auth/login", json=wrong), 401, "Invalid email or password")
