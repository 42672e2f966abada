"""Tests that run on an event loop (`pytest.mark.anyio`)."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
