"""Assertions on responses."""

import re
from typing import Any
from uuid import UUID

import httpx

TASK_KEYS = {"id", "title", "description", "completed", "user_id", "created_at", "updated_at"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
EXPOSED = "X-Request-ID, Retry-After, Link, WWW-Authenticate"
INTERNALS = (
    "traceback",
    "asyncpg",
    "sqlalchemy",
    "starlette",
    "pydantic",
    "select ",
    "insert ",
    ".py",
)


def error(response: httpx.Response, status: int, message: str = "") -> str:
    """Assert an error of the one shape, without internals; return its sentence."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == "application/json"
    body = response.json()
    assert list(body) == ["error"]
    assert isinstance(body["error"], str)
    assert body["error"].strip()
    assert [word for word in INTERNALS if word in body["error"].lower()] == []
    if message:
        assert body["error"] == message
    return str(body["error"])


def unauthorized(response: httpx.Response) -> None:
    error(response, 401, "Unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


def common_headers(response: httpx.Response, path: str, origin: str) -> None:
    """Assert the headers of every response to an allowed origin."""
    headers = response.headers
    assert headers.get_list("access-control-allow-origin") == [origin]
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-expose-headers"] == EXPOSED
    assert "origin" in headers["vary"].lower()
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert len(headers["x-request-id"]) >= 8
    if path.startswith("/api/"):
        assert headers.get_list("cache-control") == ["no-store"]


def task(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Assert one task with every field of its type; return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert list(response.json()) == ["task"]
    found: dict[str, Any] = response.json()["task"]
    well_formed(found)
    return found


def well_formed(found: dict[str, Any]) -> None:
    assert set(found) == TASK_KEYS
    assert is_id(found["id"])
    assert is_id(found["user_id"])
    assert isinstance(found["title"], str)
    assert found["description"] is None or isinstance(found["description"], str)
    assert isinstance(found["completed"], bool)
    assert TIME.fullmatch(found["created_at"])
    assert TIME.fullmatch(found["updated_at"])


def is_id(text: str) -> bool:
    """Whether this is a UUID v4 in canonical lower-case form."""
    return str(UUID(text)) == text and UUID(text).version == 4
