"""docs/better-auth.md prints nothing that is not in the example, which the tests run."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "better-auth.md").read_text()
EXAMPLE = ROOT / "examples" / "better-auth"
SNIPPETS = re.findall(r"^```ts\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PACKAGES = sorted(EXAMPLE.parent.glob("*/package.json"))


def test_the_page_shows_the_whole_of_both_files() -> None:
    files = [(EXAMPLE / name).read_text() for name in ("auth.ts", "tasks.ts")]
    assert [text.split("\n\n", 1)[1] for text in files] == SNIPPETS


def test_the_page_names_the_version_that_is_tried() -> None:
    packages = json.loads((EXAMPLE / "package.json").read_text())
    assert f"Better Auth {packages['dependencies']['better-auth']}." in PAGE


def test_the_links_of_the_page_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert len(links) >= 3
    for link in links:
        assert (ROOT / "docs" / link).exists(), link


@pytest.mark.parametrize("file", PACKAGES, ids=lambda file: file.parent.name)
def test_the_packages_are_pinned_and_name_no_registry(file: Path) -> None:
    wanted = json.loads(file.read_text())
    pins = wanted["dependencies"] | wanted["devDependencies"]
    assert [pin for pin in pins.values() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)] == []
    lock = json.loads((file.parent / "package-lock.json").read_text())
    locked = lock["packages"]
    assert locked[""]["dependencies"] | locked[""]["devDependencies"] == pins
    assert [name for name, package in locked.items() if "resolved" in package] == []
    assert [name for name, package in locked.items() if name and "integrity" not in package] == []
