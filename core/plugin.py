"""Plugins: sets of routes. A declaration yields the checks, the JSON and the documentation."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from starlette._utils import get_route_path
from starlette.routing import Match, Route
from starlette.types import Scope

from core.body import Body
from core.endpoint import Endpoint
from core.errors import ApiError, Unavailable
from core.operation import Handler, Operation
from core.settings import exit_with


class PluginError(Exception):
    """A plugin cannot be loaded; the message says which one and why."""


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
        """`errors` are those that each of its routes may raise; most of them use the database."""
        self.name = name
        self.prefix = prefix
        self.description = description
        self.errors = tuple(errors)
        self.operations: list[Operation] = []

    def route(self, method: str, path: str, **declaration: Any) -> Callable[[Handler], Handler]:
        """Declare a route. Its handler takes the request and, if it wants one, a `Body`.

        What the handler returns is sent as JSON with the declared status, or as it is where it is
        a Starlette response. A route is private: without a valid token it responds with 401,
        unless it is declared `public=True`. The other declarations are the fields of `Operation`.
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
    """The type of the handler's second parameter, or None where there is none."""
    parameters = list(inspect.signature(handler, eval_str=True).parameters.values())
    if len(parameters) < 2:
        return None
    body = parameters[1].annotation
    if not (isinstance(body, type) and issubclass(body, Body)):
        raise TypeError(f"{handler.__name__}: the second parameter must be annotated with a Body")
    return body


def load(modules: Iterable[str]) -> list[Plugin]:
    """Import the plugins: the `plugin` of each module.

    Raises PluginError for a module that cannot be imported or has no `plugin`.
    """
    return [_load(module) for module in modules]


def load_or_exit(modules: Iterable[str]) -> list[Plugin]:
    """The same; print the reason on stderr and exit with 2 where they cannot be used together."""
    try:
        plugins = load(modules)
        routes(plugins, max_body_bytes=0)
    except PluginError as error:
        exit_with(2, f"PLUGINS: {error}")
    return plugins


def _load(module: str) -> Plugin:
    name = module.removeprefix("plugins.")
    try:
        plugin = import_module(module).plugin
    except (ImportError, AttributeError) as error:
        raise PluginError(f"{name}: cannot be loaded ({error})") from error
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{name}: its `plugin` is not a Plugin")
    return plugin


def routes(plugins: Iterable[Plugin], max_body_bytes: int) -> list[Route]:
    """One Starlette route for each path, so that a 405 names all its methods.

    Fixed paths come before those with parameters. Raises PluginError where two operations have
    the same path and method.
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
    """Compares a fixed path; Starlette's pattern is slower, and its `$` accepts a newline."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as Starlette does where the path has parameters."""
        if self.param_convertors:
            return super().matches(scope)
        if get_route_path(scope) == self.path:
            return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}
        return Match.NONE, {}
