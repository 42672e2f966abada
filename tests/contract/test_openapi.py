"""The OpenAPI document and its page."""

import re

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from core import plugin
from core.operation import Operation
from core.settings import Settings
from tests.support import expect
from tests.support.people import User

DEFAULTS = next(
    field.default for field in Settings.__dataclass_fields__.values() if field.name == "plugins"
)
OPERATIONS = [operation for each in plugin.load(DEFAULTS) for operation in each.operations]
DOCUMENTED = [operation for operation in OPERATIONS if operation.documented]
PRIVATE = [operation for operation in OPERATIONS if operation.private]


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> dict:
    response = http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    return response.json()


def test_it_is_a_valid_openapi_3_1_document(document: dict) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_it_names_every_route(document: dict) -> None:
    named = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert named == set(map(name, DOCUMENTED))
    assert len(named) >= 10


@pytest.mark.parametrize("operation", DOCUMENTED, ids=name)
def test_it_names_every_status(document: dict, operation: Operation) -> None:
    entry = document["paths"][operation.path][operation.method.lower()]
    expected = {operation.status, 413, 500, *(error.status for error in operation.errors)}
    expected |= {401} if operation.private else set()
    expected |= {400, 422} if operation.body else set()
    assert set(map(int, entry["responses"])) == expected
    assert entry.get("security", []) == ([{"bearer": []}] if operation.private else [])
    for status, response in entry["responses"].items():
        if int(status) >= 400:
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}


def test_operation_ids_are_unique(document: dict) -> None:
    ids = [
        entry["operationId"]
        for item in document["paths"].values()
        for method, entry in item.items()
        if method != "parameters"
    ]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("operation", PRIVATE, ids=name)
def test_every_private_route_answers_401_without_a_token(
    http: httpx.Client, operation: Operation
) -> None:
    path = re.sub(r"{\w+}", "not-even-an-id", operation.path)
    expect.unauthorized(http.request(operation.method, path, content=b"{not json"))


def test_what_may_be_left_out_has_no_default(document: dict) -> None:
    change = document["components"]["schemas"]["TaskChange"]
    assert "required" not in change
    assert not any("default" in schema for schema in change["properties"].values())


def test_the_page_needs_no_foreign_host(http: httpx.Client) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    for link in links:
        assert link.startswith(("/docs/", "data:"))
        if link.startswith("/"):
            assert http.get(link).status_code == 200


@pytest.mark.parametrize(
    "asset", ["nothing.js", "index.html", "..%2Fdocs.py", "%2e%2e/docs.py", "LICENSE"]
)
def test_the_page_serves_its_parts_and_nothing_else(http: httpx.Client, asset: str) -> None:
    expect.error(http.get(f"/docs/{asset}"), 404)


def test_an_answer_is_what_the_document_says(document: dict, alice: User) -> None:
    task = alice.add("Buy milk")
    assert set(task) == set(document["components"]["schemas"]["TaskData"]["required"])
