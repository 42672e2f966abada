"""The OpenAPI 3.1 document, assembled from what plugins declare."""

import inspect
import re
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaMode

from core.errors import ApiError, BodyTooLarge, NotJson, Unauthorized
from core.openapi.json_schema import Schemas
from core.openapi.responses import ERROR, HEADERS, content, failure, success
from core.operation import Json, Operation
from core.plugin import Plugin

INFO = {
    "title": "Todo REST backend",
    "description": """Sign-up, log-in and strictly private task lists.

Sign up or log in, then send the token with every request to your tasks:
`Authorization: Bearer <token>`. Tokens of Better Auth, signed with the same secret, work as well.

Every error is `{"error": "<a sentence that can be shown to people>"}`. Times are UTC, ids are
UUIDs. Every response has an `X-Request-ID`; quote it when you report a problem.

Statuses that are not listed with each operation: 404 for an unknown path, 405 with `Allow` for a
method that a path does not have, 414 for a URL that is too long, 503 with `Retry-After` where
there are too many connections or the service is shutting down.""",
}
NOT_JSON = f"{NotJson.sentence}: Expecting value at line 1, column 1"
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The `token` of a sign-up or log-in, or of Better Auth.",
}


def document(plugins: Iterable[Plugin], version: str) -> Json:
    """The document: every documented route with its statuses and schemas."""
    plugins = list(plugins)
    operations = [op for plugin in plugins for op in plugin.operations if op.documented]
    used = {operation.tag for operation in operations}
    tags = {plugin.name: plugin.description for plugin in plugins if plugin.name in used}
    schemas = _schemas(operations)
    paths: Json = {}
    for operation in operations:
        methods = paths.setdefault(operation.path, {})
        methods[operation.method.lower()] = _operation(operation, schemas)
    headers = (header for operation in operations for header in operation.headers.items())
    return {
        "openapi": "3.1.0",
        "info": INFO | {"version": version},
        "tags": [{"name": tag, "description": text} for tag, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR} | schemas.definitions,
            "headers": HEADERS | dict(headers),
            "securitySchemes": {"bearer": BEARER},
        },
    }


def _schemas(operations: Iterable[Operation]) -> Schemas:
    types: dict[Any, JsonSchemaMode] = {}
    for operation in operations:
        if operation.body:
            types[operation.body] = "validation"
        if operation.returns:
            types[operation.returns] = "serialization"
    return Schemas(types)


def _operation(operation: Operation, schemas: Schemas) -> Json:
    summary, _, details = (operation.handler.__doc__ or "").strip().partition("\n")
    result: Json = {
        "operationId": to_camel(operation.handler.__name__),
        "summary": summary.rstrip("."),
        "tags": [operation.tag],
        "responses": {str(operation.status): success(operation, schemas)},
    }
    if details.strip():
        result["description"] = inspect.cleandoc(details)
    if parameters := _parameters(operation):
        result["parameters"] = parameters
    if not operation.public:
        result["security"] = [{"bearer": []}]
    if operation.body:
        result["requestBody"] = {"required": True} | content(schemas.of[operation.body])
    for status, errors in _errors_by_status(operation):
        result["responses"][str(status)] = failure(list(errors))
    return result


def _errors_by_status(operation: Operation) -> Iterable[tuple[int, Iterable[ApiError]]]:
    """The declared errors, and those that follow from the declaration."""
    errors = [each() if isinstance(each, type) else each for each in operation.errors]
    if operation.body:
        errors.append(NotJson(NOT_JSON))
    if not operation.public:
        errors.append(Unauthorized())
    errors += [BodyTooLarge(), ApiError()]
    status = attrgetter("status")
    return groupby(sorted(errors, key=status), key=status)


def _parameters(operation: Operation) -> list[Json]:
    """The declared parameters; any other in the path is text."""
    declared = list(operation.parameters)
    names = {each["name"] for each in declared if each["in"] == "path"}
    others = (name for name in re.findall(r"{(\w+)}", operation.path) if name not in names)
    text = {"in": "path", "required": True, "schema": {"type": "string"}}
    return [*({"name": name} | text for name in others), *declared]
