"""An operation: one method of one path, as a plugin declares it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.body import Body
from core.errors import ApiError

Json = dict[str, Any]
Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. Fields with a default are options of `Plugin.route`."""

    method: str
    path: str
    handler: Handler
    body: type[Body] | None
    tag: str
    status: int = 200
    returns: Any = None
    """The type of the JSON that the handler returns; None for a response without a body."""
    example: Any = None
    """An example response, where those of the fields of `returns` do not make one."""
    headers: Mapping[str, Json] = field(default_factory=dict)
    """Headers of a successful response, as OpenAPI Header Objects."""
    public: bool = False
    """Whether it can be called without a token."""
    errors: Iterable[ApiError | type[ApiError]] = ()
    """The errors that it raises; one instance for each sentence where a kind has several."""
    parameters: Iterable[Json] = ()
    """Its path, query and header parameters, as OpenAPI Parameter Objects."""
    documented: bool = True


def uuid_in_path(name: str, description: str) -> Json:
    """A Parameter Object for a UUID in the path."""
    schema = {"type": "string", "format": "uuid"}
    about = {"name": name, "description": description, "schema": schema}
    return about | {"in": "path", "required": True}
