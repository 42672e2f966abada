"""A data directory."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A directory that is still to be made; no other account can reach it."""
    yield tmp_path / "data"
    shutil.rmtree(tmp_path)
