"""The OpenAPI document: valid, complete, in step with the declarations; and the page of it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from core.plugin import load
from tests.contract.openapi import Json, examples, normalize, operations
from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql, new_database
from tests.support.users import User, add_task

PLUGINS = load(f"plugins.{name}" for name in ("auth", "tasks", "health", "docs"))
DECLARED = [each for plugin in PLUGINS for each in plugin.operations if each.documented]
RANGES = ["bytes=0-9", "bytes=abc", "lines=1-2", "bytes=5-1", "bytes=99999999-", "bytes=0-1,4-5"]
PLUGIN = '''
from typing_extensions import TypedDict
from core.body import Body
from core.errors import ApiError
from core.operation import uuid_in_path
from core.plugin import Plugin
plugin = Plugin("books", prefix="/books", errors=())
class Page(TypedDict):
    words: int
class Note(Body):
    text: str
class Teapot(ApiError):
    """It is a teapot."""
    status = 418
    sentence = "Short and stout"
    headers = {"X-Handle": "here"}

@plugin.get("/pages/{slug}", returns=Page, public=True, errors=[Teapot])
async def read_page(request):
    """Read a page."""
    return {"words": 1 // len(request.path_params["slug"].strip("x"))}

@plugin.post("/{id}/{slug}", public=True, parameters=[uuid_in_path("id", "The book.")])
async def note(request, note: Note):
    """Add a note."""
'''


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> Json:
    response = http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: Json = response.json()
    return found


def test_document_is_valid_openapi_3_1(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_and_status_is_named(document: Json) -> None:
    assert sum(map(len, document["paths"].values())) == len(DECLARED) >= 10
    for operation in DECLARED:
        entry = document["paths"][operation.path][operation.method.lower()]
        expected = {operation.status, 413, 500, *(error.status for error in operation.errors)}
        expected |= set() if operation.public else {401}
        expected |= {400, 422} if operation.body else set()
        assert set(map(int, entry["responses"])) == expected
        assert entry.get("security", []) == ([] if operation.public else [{"bearer": []}])


def test_everything_is_described(document: Json) -> None:
    schemas, found = document["components"]["schemas"], operations(document)
    assert [name for name in found if not re.fullmatch("[a-z]+([A-Z][a-z]+)?", name)] == []
    summaries = [operation["summary"] for operation in found.values()]
    assert [each for each in summaries if not re.fullmatch(r"[A-Z].+[^.]", each)] == []
    fields = [each for schema in schemas.values() for each in schema["properties"].values()]
    assert len(fields) > 25
    parameters = [each for entry in found.values() for each in entry.get("parameters", [])]
    responses = [each for entry in found.values() for each in entry["responses"].values()]
    described: list[Any] = [*schemas.values(), *fields, *parameters, *responses, *document["tags"]]
    assert [each for each in described if not each.get("description")] == []


def test_optional_fields_have_no_default(document: Json) -> None:
    change = document["components"]["schemas"]["TaskChange"]
    assert "required" not in change
    assert not any("default" in schema for schema in change["properties"].values())


def test_example_of_the_link_header_is_a_real_one(document: Json, alice: User, sql: Sql) -> None:
    for number in range(101):
        add_task(sql, alice, f"task {number}", datetime(2026, 1, 1, tzinfo=UTC))
    link = alice.get("/api/tasks?limit=100").headers["link"]
    assert normalize(link) == normalize(document["components"]["headers"]["Link"]["example"])


def test_page_needs_no_other_host(http: httpx.Client) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self';" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    assert [link for link in links if not link.startswith(("/docs/", "data:"))] == []
    for link in (link for link in links if link.startswith("/")):
        assert http.get(link).status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2Fdocs.py", "%2e%2e/docs.py", "LICENSE"]
)
def test_other_file_is_404(http: httpx.Client, name: str) -> None:
    expect.error(http.get(f"/docs/{name}"), 404)


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/docs/swagger-ui.css"])
def test_range_is_ignored(http: httpx.Client, path: str) -> None:
    whole = http.get(path)
    for value in RANGES:
        response = http.get(path, headers={"Range": value})
        assert (response.status_code, response.content) == (200, whole.content)
        assert response.headers["accept-ranges"] == "none"


def test_plugin_is_documented(start: Callable[..., Program], postgres: str, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "books.py").write_text(PLUGIN)
    settings = {"PLUGINS": "health,docs,library.books", "PYTHONPATH": str(tmp_path)}
    program = start(new_database(postgres), **settings)
    document = httpx.get(f"{program.url}/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()

    read_page, note = (operations(document)[name] for name in ("readPage", "note"))
    kinds = [(each["name"], each["schema"].get("format")) for each in note["parameters"]]
    assert sorted(kinds) == [("id", "uuid"), ("slug", None)]
    assert set(read_page["responses"]["200"]["content"]["application/json"]) == {"schema"}
    teapot = read_page["responses"]["418"]
    assert teapot["description"] == "It is a teapot."
    assert examples(teapot) == [{"error": "Short and stout"}]
    assert set(teapot["headers"]) == {"X-Request-ID"}

    response = httpx.get(f"{program.url}/books/pages/xxx", headers={"X-Request-ID": "bug"})
    assert examples(read_page["responses"]["500"]) == [{"error": expect.error(response, 500)}]
    [record] = filter(has_stack_trace, program.records("bug"))
    assert "ZeroDivisionError" in record["message"]
