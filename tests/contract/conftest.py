"""A service whose database can go away."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.program import Program
from tests.support.proxy import Proxy
from tests.support.sql import new_database


@pytest.fixture(scope="module")
def proxy(postgres_port: int) -> Iterator[Proxy]:
    """A proxy in front of PostgreSQL."""
    proxy = Proxy(postgres_port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def proxied(
    start: Callable[..., Program], postgres: str, postgres_port: int, proxy: Proxy
) -> Iterator[Program]:
    """A service behind the proxy."""
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    yield program
    program.kill()
