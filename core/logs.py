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

from core.forwarded import Networks, client_address

SAID_BY_US = re.compile(r"\nSystemExit: |^Invalid HTTP request received")

log = logging.getLogger("todo")
current_scope: ContextVar[Scope | None] = ContextVar("current_scope", default=None)
"""The ASGI scope of the request that is being served, with its `request_id`."""


class JsonFormatter(logging.Formatter):
    """One line a record: time, level, logger, message; request_id, client and exception if any."""

    def __init__(self, trusted_proxies: Networks) -> None:
        super().__init__()
        self.trusted_proxies = trusted_proxies

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
            entry["client"] = client_address(scope, self.trusted_proxies)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class TextFormatter(logging.Formatter):
    """For people: time, level, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line, and the stack trace below it."""
        line = super().format(record)
        scope = current_scope.get()
        return f"{line} [{scope['request_id']}]" if scope else line


def configure(level: str, form: str, trusted_proxies: Networks = ()) -> None:
    """Send every logger's records to stdout, in one form (`json` or `text`)."""
    text = TextFormatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(trusted_proxies) if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"
        logger.setLevel(logging.NOTSET)
    # What uvicorn says of each start and stop is for its own developers.
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.setLevel(max(logging.WARNING, logging.root.level))
    uvicorn.filters = [lambda record: not SAID_BY_US.search(record.getMessage())]


@contextmanager
def about(scope: Scope) -> Iterator[None]:
    """Have the records of this block name a request."""
    before = current_scope.set(scope)
    try:
        yield
    finally:
        current_scope.reset(before)
