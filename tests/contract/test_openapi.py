"""The OpenAPI document and its page."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from core import plugin
from core.operation import Operation
from core.settings import Settings
from tests.contract.documented import Documented, normal
from tests.support import expect
from tests.support.sql import Sql
from tests.support.users import User, add_task

DEFAULTS = next(
    field.default for field in Settings.__dataclass_fields__.values() if field.name == "plugins"
)
OPERATIONS = [operation for each in plugin.load(DEFAULTS) for operation in each.operations]
DOCUMENTED = [operation for operation in OPERATIONS if operation.documented]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRIVATE = [operation for operation in OPERATIONS if operation.private]


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.fixture(scope="module")
def documented(http: httpx.Client) -> Documented:
    assert http.get("/openapi.json").headers["content-type"] == "application/json"
    return Documented(http)


@pytest.fixture(scope="module")
def document(documented: Documented) -> dict:
    return documented.content


def test_it_is_a_valid_openapi_3_1_document(document: dict) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_it_names_every_route(documented: Documented) -> None:
    named = [f"{each['method']} {each['path']}" for each in documented.operations.values()]
    assert sorted(named) == sorted(map(name, DOCUMENTED))
    assert len(named) >= 10


def test_operation_ids_are_unique_names_of_functions(document: dict) -> None:
    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids)) == len(DOCUMENTED)
    assert [each for each in ids if not re.fullmatch("[a-z]+([A-Z][a-z]+)?", each)] == []


@pytest.mark.parametrize("operation", DOCUMENTED, ids=name)
def test_it_names_every_status(document: dict, operation: Operation) -> None:
    entry = document["paths"][operation.path][operation.method.lower()]
    expected = {operation.status, 413, 500, *(error.status for error in operation.errors)}
    expected |= {401} if operation.private else set()
    expected |= {400, 422} if operation.body else set()
    assert set(map(int, entry["responses"])) == expected
    assert entry.get("security", []) == ([{"bearer": []}] if operation.private else [])
    for status, response in entry["responses"].items():
        assert response["description"]
        if int(status) >= 400:
            media = response["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Error"}
            for slug, example in media["examples"].items():
                words = re.findall(r"\w+", example["value"]["error"].lower())
                assert slug.split("-") == words


def test_only_what_asks_the_database_can_find_it_away(documented: Documented) -> None:
    away = '{"error": "Service temporarily unavailable"}'
    ask = {each for each in documented.operations if away in documented.examples(each)[500]}
    assert set(documented.operations) - ask == {"getWelcome", "checkHealth", "checkReadiness"}


def test_the_headers_of_answers_are_described(documented: Documented) -> None:
    described = documented.content["components"]["headers"]
    assert set(described) == {"X-Request-ID", "Retry-After", "WWW-Authenticate", "Link"}
    for each, operation in documented.operations.items():
        for status in map(int, operation["responses"]):
            expected = {"X-Request-ID"} | ({"Retry-After"} if status == 503 else set())
            if status == 401 and "security" in operation:
                expected.add("WWW-Authenticate")
            if (each, status) == ("listTasks", 200):
                expected.add("Link")
            assert set(documented.headers(each, status)) == expected


def test_the_link_that_is_shown_is_one(document: dict, alice: User, sql: Sql) -> None:
    for number in range(101):
        add_task(sql, alice, f"task {number}", NOON)
    link = alice.get("/api/tasks?limit=100").headers["link"]
    assert normal(link) == normal(document["components"]["headers"]["Link"]["example"])


def test_everything_is_described(document: dict) -> None:
    schemas = document["components"]["schemas"]
    fields = [each for schema in schemas.values() for each in schema["properties"].values()]
    assert len(fields) > 25
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    parameters = [each for operation in operations for each in operation.get("parameters", [])]
    described = [*schemas.values(), *fields, *parameters, *document["tags"]]
    assert [each for each in described if not each.get("description")] == []
    assert [each for each in operations if not re.fullmatch(r"[A-Z].+[^.]", each["summary"])] == []


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
