"""A data directory for an embedded PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program import eventually


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory that is still to be made; other accounts than the current cannot reach it."""
    yield tmp_path / "data"

    def removed() -> bool:
        shutil.rmtree(tmp_path, ignore_errors=True)
        return not tmp_path.exists()

    assert eventually(removed)
