"""An operation: one method of one path, as a plugin declares it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.body import Body
from core.errors import ApiError

Json = dict[str, Any]
Answer = Json
Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path; what has a default here is up to the plugin."""

    method: str
    path: str
    handler: Handler
    body: type[Body] | None
    tag: str
    status: int = 200
    returns: Any = None
    """The type of what is dumped as JSON; None for an answer without a body."""
    example: Any = None
    """A whole answer, where the examples of that type do not add up to one."""
    headers: Mapping[str, Json] = field(default_factory=dict)
    """Header fields of a success, as OpenAPI's Header Objects."""
    public: bool = False
    errors: Iterable[ApiError | type[ApiError]] = ()
    """What it raises: kinds, or where a kind has several sentences, one of each."""
    parameters: Iterable[Json] = ()
    """What it takes from path, query and headers, as OpenAPI's Parameter Objects."""
    documented: bool = True

    @property
    def private(self) -> bool:
        """Whether it answers 401 without a valid token."""
        return not self.public


def uuid_in_path(name: str, description: str) -> Json:
    """A Parameter Object; what is in a path and not described is some text."""
    schema = {"type": "string", "format": "uuid"}
    about = {"name": name, "description": description, "schema": schema}
    return about | {"in": "path", "required": True}
