"""A client that uses every route once."""

from uuid import uuid4

import httpx

from tests.support import expect
from tests.support.users import User, new_email

CHANGE = {"title": "Buy bread", "description": "brown", "completed": True}


def use_every_route(http: httpx.Client) -> None:
    """Check each route, as a user who signs up and as one of Better Auth."""
    account = {"email": new_email(), "password": "correct horse"}
    for path, status in (("signup", 201), ("signup", 409), ("login", 200)):
        assert http.post(f"/api/auth/{path}", json=account).status_code == status
    user = User(http, str(uuid4()), new_email())
    options = {"json": {"title": "Buy milk"}, "headers": {"Idempotency-Key": "a"}}
    task = expect.task(user.post("/api/tasks", **options), 201)
    assert user.post("/api/tasks", **options).json() == {"task": task}
    path = f"/api/tasks/{task['id']}"
    assert user.tasks() == [task]
    assert user.get(path).json() == {"task": task}
    assert expect.task(user.put(path, json=CHANGE)).items() >= CHANGE.items()
    assert user.delete(path).status_code == 204
    assert user.get(path).status_code == 404
    assert http.get("/health/ready").status_code == 200
