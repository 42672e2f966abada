"""Plugins: routes declared once; from the declaration come all checks and the documentation."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from starlette.routing import Match, Route
from starlette.types import Scope

from core.body import Body
from core.endpoint import Endpoint
from core.errors import ApiError, Unavailable
from core.operation import Handler, Operation


class PluginError(Exception):
    """The plugins cannot be loaded; the message says which and why."""


class Plugin:
    """A named set of routes below one prefix."""

    def __init__(
        self,
        name: str,
        *,
        prefix: str = "",
        description: str = "",
        errors: Iterable[type[ApiError]] = (Unavailable,),
    ) -> None:
        """`errors` is what each of its routes may raise: most of them ask the database."""
        self.name = name
        self.prefix = prefix
        self.description = description
        self.errors = tuple(errors)
        self.operations: list[Operation] = []

    def route(self, method: str, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a route; its handler takes the request and, where annotated so, a Body.

        What the handler returns is dumped as JSON with the declared status, or sent as it is if
        it is a Starlette response. Without a valid token a route answers 401, unless it is
        `public`. What else there is to declare, and the defaults, are the fields of Operation.
        """
        errors = (*self.errors, *declaration.pop("errors", ()))

        def declare(handler: Handler) -> Handler:
            self.operations.append(
                Operation(
                    method=method,
                    path=self.prefix + path,
                    handler=handler,
                    body=_body_of(handler),
                    tag=self.name,
                    errors=errors,
                    **declaration,
                )
            )
            return handler

        return declare

    def get(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a GET route (HEAD included): see `route`."""
        return self.route("GET", path, **declaration)

    def post(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a POST route: see `route`."""
        return self.route("POST", path, **declaration)

    def put(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT route: see `route`."""
        return self.route("PUT", path, **declaration)

    def delete(self, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE route: see `route`."""
        return self.route("DELETE", path, **declaration)


def _body_of(handler: Handler) -> type[Body] | None:
    """The type of the handler's second parameter."""
    parameters = list(inspect.signature(handler, eval_str=True).parameters.values())
    if len(parameters) < 2:
        return None
    body = parameters[1].annotation
    if not (isinstance(body, type) and issubclass(body, Body)):
        raise TypeError(f"{handler.__name__}: the second parameter must be annotated with a Body")
    return body


def load(names: Iterable[str]) -> list[Plugin]:
    """The plugins of these names: of `plugins/`, or any module for a dotted name.

    Raises PluginError for a module that is not there or has no `plugin`.
    """
    return [_load_one(name) for name in names]


def _load_one(name: str) -> Plugin:
    module = name if "." in name else f"plugins.{name}"
    try:
        plugin = import_module(module).plugin
    except (ImportError, AttributeError) as error:
        raise PluginError(f"{name}: cannot be loaded ({error})") from error
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{name}: its `plugin` is no Plugin")
    return plugin


def routes(plugins: Iterable[Plugin], max_body_bytes: int) -> list[Route]:
    """One Starlette route for each path, fixed paths before those with parameters.

    Raises PluginError where two operations have the same path and method.
    """
    paths: dict[str, dict[str, Operation]] = {}
    for operation in (operation for plugin in plugins for operation in plugin.operations):
        methods = paths.setdefault(operation.path, {})
        if operation.method in methods:
            raise PluginError(f"{operation.method} {operation.path} is declared twice")
        methods[operation.method] = operation
    return [
        _ExactRoute(path, Endpoint(paths[path], max_body_bytes))
        for path in sorted(paths, key=lambda path: "{" in path)
    ]


class _ExactRoute(Route):
    """A route whose fixed path is compared: a pattern costs more, and its `$` lets a newline by."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route; paths with parameters are Starlette's."""
        if self.param_convertors:
            return super().matches(scope)
        if scope["path"] == self.path:
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}
        return Match.NONE, {}
