"""The ceiling: a list of twenty tasks that never changes, from bare ASGI, as uvicorn serves it."""

import json
import sys
from pathlib import Path
from typing import Any

from loadtests.people import DESCRIPTION, TASKS, TITLE

NOBODY = "00000000-0000-4000-8000-000000000000"
LONG_AGO = "2025-01-01T00:00:00.000000Z"
TASK = {
    "id": NOBODY,
    "title": TITLE.format(1),
    "description": DESCRIPTION,
    "completed": False,
    "user_id": NOBODY,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
}
BODY = json.dumps({"tasks": [TASK] * TASKS}, separators=(",", ":")).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer whatever is asked."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


def command(port: int) -> list[str | Path]:
    """How to start it: with the options that server/run.py starts the service with."""
    return [
        *(sys.executable, "-m", "uvicorn", "loadtests.constant:app", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off"),
        *("--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning"),
    ]
