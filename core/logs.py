"""Logs: one JSON object a line, or plain text on a terminal; uvicorn's loggers included."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

# Messages of uvicorn about what this service logs or prints itself.
ALREADY_LOGGED = re.compile(r"\nSystemExit: |^Invalid HTTP request received")

log = logging.getLogger("todo")
current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""The ASGI scope of the current request, with its `request_id`."""


class JsonFormatter(logging.Formatter):
    """One line a record: time, level, logger, message; request_id, client and exception if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one JSON object."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if scope := current_scope.get():
            entry["request_id"] = scope["request_id"]
            entry["client"] = scope["client"] and scope["client"][0]
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class TextFormatter(logging.Formatter):
    """For a terminal: time, level, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, and the stack trace below it."""
        line = super().format(record)
        scope = current_scope.get()
        return f"{line} [{scope['request_id']}]" if scope else line


def configure(level: str, form: str) -> None:
    """Send every logger's records to stdout, as `json` or `text`."""
    text = TextFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter() if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"
        logger.setLevel(logging.NOTSET)
    # uvicorn logs each step of its start and stop at level info.
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.setLevel(max(logging.WARNING, logging.root.level))
    uvicorn.filters = [lambda record: not ALREADY_LOGGED.search(record.getMessage())]


@contextmanager
def request_context(scope: Scope) -> Iterator[None]:
    """Add a request's id and client to the records of this block."""
    before = current_scope.set(scope)
    try:
        yield
    finally:
        current_scope.reset(before)
