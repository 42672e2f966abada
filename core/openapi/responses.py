"""The responses of an operation as OpenAPI Response Objects, with examples."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from core.errors import ApiError
from core.openapi.json_schema import NOTHING, Schemas
from core.operation import Json, Operation

ERROR = {
    "type": "object",
    "description": "Why a request failed.",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "A sentence to show to people."}},
    "additionalProperties": False,
}
REQUEST_ID = "X-Request-ID"
HEADERS: Json = {
    REQUEST_ID: {
        "description": "The id under which the service logs this request.",
        "required": True,
        "schema": {"type": "string"},
        "example": "5c1f0a9be27d00000001",
    },
    "Retry-After": {
        "description": "The seconds after which to try again.",
        "schema": {"type": "integer"},
        "example": 5,
    },
    "WWW-Authenticate": {
        "description": "The authentication scheme.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}


def success(operation: Operation, schemas: Schemas) -> Json:
    """The response with what the handler returns."""
    response: Json = {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _headers(operation.headers),
    }
    if operation.returns:
        example = operation.example or schemas.example(operation.returns)
        shown = {} if example is NOTHING else {"example": example}
        response |= content(schemas.of[operation.returns], **shown)
    return response


def failure(errors: list[ApiError]) -> Json:
    """The response of one error status: its meaning, and every sentence."""
    meanings = dict.fromkeys((type(error).__doc__ or "").partition("\n")[0] for error in errors)
    examples = {_name(error.detail): {"value": {"error": error.detail}} for error in errors}
    headers = [name for error in errors for name in error.headers or () if name in HEADERS]
    schema = {"$ref": "#/components/schemas/Error"}
    response: Json = {"description": " ".join(meanings), "headers": _headers(headers)}
    return response | content(schema, examples=examples)


def _name(sentence: str) -> str:
    return "-".join(re.findall(r"\w+", sentence.lower()))


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (REQUEST_ID, *names)}


def content(schema: Json, **shown: Any) -> Json:
    """A body of JSON with this schema, and with examples."""
    return {"content": {"application/json": {"schema": schema} | shown}}
