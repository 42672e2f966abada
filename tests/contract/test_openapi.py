"""The OpenAPI document: valid, complete, and in step with the declarations."""

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.operation import Operation
from core.plugin import load
from tests.contract.openapi import Json, normalize, operations
from tests.support.sql import Sql
from tests.support.users import User, add_task

PLUGINS = load(f"plugins.{name}" for name in ("auth", "tasks", "health", "docs"))
DECLARED = [each for plugin in PLUGINS for each in plugin.operations if each.documented]


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> Json:
    response = http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: Json = response.json()
    return found


def test_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_named_once(document: Json) -> None:
    documented = operations(document)
    named = [(each["method"], each["path"]) for each in documented.values()]
    assert sorted(named) == sorted((each.method, each.path) for each in DECLARED)
    assert len(named) == sum(map(len, document["paths"].values())) >= 10
    assert [name for name in documented if not re.fullmatch("[a-z]+([A-Z][a-z]+)?", name)] == []


@pytest.mark.parametrize("operation", DECLARED, ids=lambda each: f"{each.method} {each.path}")
def test_every_status_is_named(document: Json, operation: Operation) -> None:
    entry = document["paths"][operation.path][operation.method.lower()]
    expected = {operation.status, 413, 500, *(error.status for error in operation.errors)}
    expected |= set() if operation.public else {401}
    expected |= {400, 422} if operation.body else set()
    assert set(map(int, entry["responses"])) == expected
    assert entry.get("security", []) == ([] if operation.public else [{"bearer": []}])
    for response in (entry["responses"][str(status)] for status in expected if status >= 400):
        media = response["content"]["application/json"]
        assert media["schema"] == {"$ref": "#/components/schemas/Error"}
        for name, example in media["examples"].items():
            assert name.split("-") == re.findall(r"\w+", example["value"]["error"].lower())


def test_everything_is_described(document: Json) -> None:
    schemas, found = document["components"]["schemas"], operations(document).values()
    fields = [each for schema in schemas.values() for each in schema["properties"].values()]
    assert len(fields) > 25
    parameters = [each for operation in found for each in operation.get("parameters", [])]
    responses = [each for operation in found for each in operation["responses"].values()]
    described: list[Any] = [*schemas.values(), *fields, *parameters, *responses, *document["tags"]]
    assert [each for each in described if not each.get("description")] == []
    assert [each for each in found if not re.fullmatch(r"[A-Z].+[^.]", each["summary"])] == []


def test_fields_of_a_task(document: Json, alice: User) -> None:
    schemas = document["components"]["schemas"]
    assert set(alice.add()) == set(schemas["TaskData"]["required"])
    assert "required" not in schemas["TaskChange"]
    changes = schemas["TaskChange"]["properties"].values()
    assert not any("default" in schema for schema in changes)


def test_example_of_the_link_header_is_a_real_one(document: Json, alice: User, sql: Sql) -> None:
    for number in range(101):
        add_task(sql, alice, f"task {number}", datetime(2026, 1, 1, tzinfo=UTC))
    link = alice.get("/api/tasks?limit=100").headers["link"]
    assert normalize(link) == normalize(document["components"]["headers"]["Link"]["example"])
