"""The OpenAPI 3.1 document, assembled from the plugins' declarations."""

import json
import re
import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from core import __version__
from core.dump import dump
from core.errors import ApiError, BodyTooLarge, InvalidRequest, NotJson, Unauthorized, Unavailable
from core.operation import Json, Operation
from core.plugin import Plugin, load
from core.settings import Settings

INFO = {
    "title": "Todo REST backend",
    "description": """Sign-up, log-in and strictly private task lists.

Sign up or log in, then send the token with every request to your tasks:
`Authorization: Bearer <token>`. Tokens of Better Auth with the same secret are as good.

Every error is `{"error": "<a sentence that can be shown to people>"}`. Times are UTC, ids are
UUIDs. Every answer has an `X-Request-ID`; quote it when something went wrong.""",
}
REF = "#/components/schemas/{model}"
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "A sentence for a person."}},
    "additionalProperties": False,
}
ID = {"type": "string", "format": "uuid"}


def document(plugins: Iterable[Plugin], version: str) -> Json:
    """The whole document: every documented route, every status, every schema."""
    plugins = list(plugins)
    operations = [op for plugin in plugins for op in plugin.operations if op.documented]
    used = {operation.tag for operation in operations}
    tags = {plugin.name: plugin.description for plugin in plugins if plugin.name in used}
    schemas = _schemas(operations)
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, _parameters(operation.path))
        paths[operation.path][operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": INFO | {"version": version},
        "tags": [{"name": tag, "description": text} for tag, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR} | schemas.definitions,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `token` of a sign-up or log-in, or of Better Auth.",
                }
            },
        },
    }


class _WithoutTitles(GenerateJsonSchema):
    """Names of fields speak for themselves."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


class _Schemas:
    """The JSON Schema of each type, and the definitions that they refer to."""

    def __init__(self, types: list[tuple[Any, JsonSchemaMode]]) -> None:
        adapters = [(each, mode, TypeAdapter(each)) for each, mode in types]
        found, rest = TypeAdapter.json_schemas(
            adapters, ref_template=REF, schema_generator=_WithoutTitles
        )
        self.of = {each: schema for (each, _), schema in found.items()}
        self.definitions: Json = rest.get("$defs", {})


def _schemas(operations: Iterable[Operation]) -> _Schemas:
    types: dict[Any, JsonSchemaMode] = {}
    for operation in operations:
        if operation.body:
            types[operation.body] = "validation"
        if operation.returns:
            types[operation.returns] = "serialization"
    return _Schemas(list(types.items()))


def _parameters(path: str) -> Json:
    names = re.findall(r"{(\w+)}", path)
    parameters = [{"name": n, "in": "path", "required": True, "schema": ID} for n in names]
    return {"parameters": parameters} if parameters else {}


def _operation(operation: Operation, schemas: _Schemas) -> Json:
    summary, _, details = (operation.handler.__doc__ or "").strip().partition("\n")
    result: Json = {
        "operationId": to_camel(operation.handler.__name__),
        "summary": summary,
        "tags": [operation.tag],
        "responses": {str(operation.status): _success(operation, schemas)},
    }
    if details.strip():
        result["description"] = details.strip()
    if operation.parameters:
        result["parameters"] = list(operation.parameters)
    if operation.private:
        result["security"] = [{"bearer": []}]
    if operation.body:
        schema = schemas.of[operation.body]
        result["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    for status, sentences in _errors(operation).items():
        result["responses"][str(status)] = _error(sentences)
    return result


def _success(operation: Operation, schemas: _Schemas) -> Json:
    response: Json = {"description": HTTPStatus(operation.status).phrase}
    if operation.returns:
        schema = schemas.of[operation.returns]
        response["content"] = {"application/json": {"schema": schema}}
    return response


def _errors(operation: Operation) -> dict[int, list[str]]:
    """What a route can answer beside success: what it declares, and what follows of itself."""
    kinds: list[type[ApiError]] = [*operation.errors]
    if operation.body:
        kinds += [InvalidRequest, NotJson]
    if operation.private:
        kinds.append(Unauthorized)
    kinds += [BodyTooLarge, Unavailable]
    found: dict[int, list[str]] = {}
    for kind in sorted(kinds, key=lambda kind: kind.status):
        found.setdefault(kind.status, []).append(kind.sentence)
    return found


def _error(sentences: list[str]) -> Json:
    examples = {
        f"example{number}": {"value": {"error": sentence}}
        for number, sentence in enumerate(sentences, 1)
    }
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": examples}
    return {"description": " / ".join(sentences), "content": {"application/json": content}}


def main() -> None:
    """Write the document of the plugins that are loaded by default: see `make openapi`."""
    content = json.loads(dump(document(load(Settings.plugins), __version__)))
    json.dump(content, sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
