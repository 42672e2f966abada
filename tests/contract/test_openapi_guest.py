"""What a guest's plugin says of itself: the document has it, and no more than is true."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.documented import Documented
from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.sql import new_database

GUEST = '''
from typing_extensions import TypedDict

from core.body import Body
from core.errors import ApiError
from core.operation import uuid_in_path
from core.plugin import Plugin

plugin = Plugin("guest", prefix="/guest", errors=())

class Page(TypedDict):
    words: int

class Note(Body):
    text: str
    loud: bool

class Teapot(ApiError):
    """It is a teapot."""

    status = 418
    sentence = "Short and stout"
    headers = {"X-Handle": "here"}

@plugin.get("/pages/{slug}", returns=Page, public=True, errors=[Teapot])
async def read_page(request):
    """A page of a name."""
    return {"words": 1 // len(request.path_params["slug"].strip("x"))}

@plugin.post("/books/{id}/{slug}", public=True, parameters=[uuid_in_path("id", "The book.")])
async def note(request, note: Note):
    """No example anywhere."""
'''


@pytest.fixture(scope="module")
def guest(
    start: Callable[..., Program], postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    directory = tmp_path_factory.mktemp("guest")
    (directory / "visitor").mkdir()
    (directory / "visitor" / "guest.py").write_text(GUEST)
    plugins = "health,docs,visitor.guest"
    program = start(new_database(postgres), PLUGINS=plugins, PYTHONPATH=str(directory))
    yield program
    program.stop()


@pytest.fixture
def documented(guest: Program) -> Documented:
    with httpx.Client(base_url=guest.url) as http:
        return Documented(http)


def test_it_is_still_a_valid_document(documented: Documented) -> None:
    OpenAPIV31SpecValidator(documented.content).validate()


def test_what_is_in_a_path_is_text_unless_it_is_said_to_be_an_id(documented: Documented) -> None:
    kinds = {
        name: {each["name"]: each["schema"].get("format", "text") for each in found["parameters"]}
        for name, found in documented.operations.items()
        if "parameters" in found
    }
    assert kinds == {"readPage": {"slug": "text"}, "note": {"id": "uuid", "slug": "text"}}


def test_a_type_without_examples_has_none(documented: Documented) -> None:
    answer = documented.operations["readPage"]["responses"]["200"]
    assert set(answer["content"]["application/json"]) == {"schema"}


def test_its_errors_are_shown(documented: Documented) -> None:
    assert documented.examples("readPage")[418] == {'{"error": "Short and stout"}'}
    assert documented.operations["readPage"]["responses"]["418"]["description"] == "It is a teapot."
    assert set(documented.headers("readPage", 418)) == {"X-Request-ID"}


def test_faults_are_found_without_an_example_of_the_body(documented: Documented) -> None:
    found = documented.examples("note")[400]
    assert '{"error": "Text is required; Loud is required"}' in found
    assert '{"error": "Text must be text; Loud is required"}' in found


def test_a_bug_is_answered_as_the_document_says(guest: Program, documented: Documented) -> None:
    shown = documented.examples("readPage")[500]
    answer = httpx.get(f"{guest.url}/guest/pages/xxx", headers={"X-Request-ID": "bug"})
    assert shown == {f'{{"error": "{expect.error(answer, 500)}"}}'}
    (record,) = filter(has_stack_trace, guest.records("bug"))
    assert "ZeroDivisionError" in record["message"]
