"""openapi.json in the repository is what the service serves: a change of contract is reviewed."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

FILE = Path(__file__).parents[2] / "openapi.json"


@pytest.fixture
def kept() -> str:
    return FILE.read_text(encoding="utf-8")


def written(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_file_is_what_the_service_serves(http: httpx.Client, kept: str) -> None:
    assert written(http.get("/openapi.json").json()) == kept, "run `make openapi`"


def test_the_file_is_sorted_and_indented(kept: str) -> None:
    assert written(json.loads(kept)) == kept, "run `make openapi`"
