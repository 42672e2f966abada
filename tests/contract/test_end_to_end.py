"""The whole life of two users, over HTTP alone."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support import expect
from tests.support.users import User, new_email


class NewUser(User):
    """A user with an e-mail and a password, who gets the token from the service."""

    def __init__(self, http: httpx.Client) -> None:
        self.account = {"email": new_email(), "password": f"a good password {uuid4().hex}"}
        super().__init__(http, "", self.account["email"])
        self.id = self.enter("signup", 201)["id"]

    def enter(self, action: str, status: int = 200) -> dict[str, str]:
        response = self.http.post(f"/api/auth/{action}", json=self.account)
        assert response.status_code == status, response.text
        self.token, user = response.json()["token"], response.json()["user"]
        assert user == {"id": self.id or user["id"], "email": self.email}
        return user


def test_two_people_keep_their_lists(http: httpx.Client) -> None:
    anna, ben = NewUser(http), NewUser(http)
    assert anna.id != ben.id
    assert anna.tasks() == ben.tasks() == []

    anna.enter("login")
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
    anna.enter("login")
    assert anna.tasks() == [rye]
    wrong = anna.account | {"password": ben.account["password"]}
    expect.error(http.post("/api/auth/login", json=wrong), 401, "Invalid email or password")
