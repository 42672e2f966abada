"""A plugin that is not one of ours: its part of the OpenAPI document, and a bug in it."""

from collections.abc import Callable
from pathlib import Path

import httpx
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.openapi import examples, operations
from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.sql import new_database

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
