"""The packages import each other only as the table in docs/architecture.md says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.markdown import ROOT, rows

PACKAGES = {
    *("service", "plugins", "core", "server", "embedded"),
    *("loadtests", "benchmarks", "deploy", "tests"),
}
NOT_EVEN_THEMSELVES = {"plugins"}  # no plugin imports another


def table() -> dict[str, set[str]]:
    """The packages that each package may import, by the table."""
    cells = [row for row in rows("docs/architecture.md") if len(row) == 2]
    begin = cells.index(["package", "may import"]) + 2
    return {
        name.strip("`").removesuffix(".py"): set(re.findall(r"\w+", allowed))
        for name, allowed in cells[begin : begin + len(PACKAGES)]
    }


def files(package: str) -> list[Path]:
    single = ROOT / f"{package}.py"
    return [single] if single.exists() else sorted((ROOT / package).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """The packages of this repository that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from PACKAGES.intersection(name.partition(".")[0] for name in names)


def test_table_has_every_package() -> None:
    assert table().keys() == PACKAGES


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_package_imports_only_what_the_table_allows(package: str) -> None:
    allowed = table()[package] | ({package} - NOT_EVEN_THEMSELVES)
    found = {
        (str(file.relative_to(ROOT)), name) for file in files(package) for name in imported(file)
    }
    assert [(file, name) for file, name in sorted(found) if name not in allowed] == []
    assert files(package)


def test_deploy_is_not_a_package() -> None:
    assert list((ROOT / "deploy").rglob("__init__.py")) == []
