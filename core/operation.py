"""An operation: one method of one path, as a plugin declares it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from core.body import Body
from core.errors import ApiError

Json = dict[str, Any]
Answer = Json
Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    status: int
    returns: Any
    """The type of what is dumped as JSON; None for an answer without a body."""
    body: type[Body] | None
    private: bool
    errors: tuple[type[ApiError], ...]
    parameters: tuple[Json, ...]
    """What it takes from the query and the headers, as OpenAPI's Parameter Objects."""
    documented: bool
    tag: str
