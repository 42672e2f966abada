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
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> Json:
    response = http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: Json = response.json()
    return found


@pytest.fixture(scope="module")
def documented(document: Json) -> dict[str, Json]:
    return operations(document)


def test_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_named_once(document: Json, documented: dict[str, Json]) -> None:
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


def test_every_error_has_its_schema_and_named_examples(documented: dict[str, Json]) -> None:
    for operation in documented.values():
        for status, response in operation["responses"].items():
            assert response["description"]
            if int(status) < 400:
                continue
            media = response["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Error"}
            for name, example in media["examples"].items():
                assert name.split("-") == re.findall(r"\w+", example["value"]["error"].lower())


def test_example_of_the_link_header_is_a_real_one(document: Json, alice: User, sql: Sql) -> None:
    for number in range(101):
        add_task(sql, alice, f"task {number}", NOON)
    link = alice.get("/api/tasks?limit=100").headers["link"]
    assert normalize(link) == normalize(document["components"]["headers"]["Link"]["example"])


def test_everything_is_described(document: Json, documented: dict[str, Json]) -> None:
    schemas = document["components"]["schemas"]
    fields = [each for schema in schemas.values() for each in schema["properties"].values()]
    assert len(fields) > 25
    parameters = [each for found in documented.values() for each in found.get("parameters", [])]
    described: list[Any] = [*schemas.values(), *fields, *parameters, *document["tags"]]
    assert [each for each in described if not each.get("description")] == []
    summaries = [operation["summary"] for operation in documented.values()]
    assert [each for each in summaries if not re.fullmatch(r"[A-Z].+[^.]", each)] == []


def test_optional_field_has_no_default(document: Json) -> None:
    change = document["components"]["schemas"]["TaskChange"]
    assert "required" not in change
    assert not any("default" in schema for schema in change["properties"].values())


def test_task_has_the_documented_fields(document: Json, alice: User) -> None:
    assert set(alice.add()) == set(document["components"]["schemas"]["TaskData"]["required"])
