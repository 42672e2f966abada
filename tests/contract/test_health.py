"""/health is about the process alone, /health/ready about the database too."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.sql import new_database

LIMIT = 2 + 0.8  # seconds of /health/ready, and a margin for a busy machine


@pytest.fixture(scope="module")
def proxy(postgres_port: int) -> Iterator[Proxy]:
    """A proxy in front of the database."""
    proxy = Proxy(postgres_port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def http(
    start: Callable[..., Program], postgres: str, postgres_port: int, proxy: Proxy
) -> Iterator[httpx.Client]:
    """A client of a service behind the proxy."""
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    with httpx.Client(base_url=program.url, timeout=10) as client:
        yield client
    program.kill()


@pytest.fixture(params=["refuse", "freeze"])
def database_away(
    request: pytest.FixtureRequest, http: httpx.Client, proxy: Proxy
) -> Iterator[None]:
    assert http.get("/health/ready").status_code == 200
    getattr(proxy, request.param)()
    yield
    proxy.open()
    assert eventually(lambda: http.get("/health/ready").status_code == 200)


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_healthy_service_is_200(http: httpx.Client, path: str) -> None:
    response = http.get(path)
    assert (response.status_code, response.json()) == (200, {"status": "healthy"})
    assert response.headers["content-type"].split(";")[0] == "application/json"


def test_only_readiness_queries_the_database(http: httpx.Client, proxy: Proxy) -> None:
    for path, queries in (("/health", False), ("/health/ready", True)):
        for _ in range(5):
            before = proxy.sent
            assert http.get(path).status_code == 200
            assert (proxy.sent > before) is queries


@pytest.mark.usefixtures("database_away")
def test_without_the_database_it_is_healthy_but_not_ready(http: httpx.Client) -> None:
    for path, limit in (("/health", 0.5), ("/health/ready", LIMIT)) * 2:
        began = time.monotonic()
        response = http.get(path)
        assert time.monotonic() - began < limit
        if path == "/health":
            assert (response.status_code, response.json()) == (200, {"status": "healthy"})
        else:
            expect.error(response, 503, "Database unavailable")


def test_it_is_ready_again_within_a_second(http: httpx.Client, proxy: Proxy) -> None:
    proxy.refuse()
    expect.error(http.get("/health/ready"), 503, "Database unavailable")
    proxy.open()
    assert eventually(lambda: http.get("/health/ready").status_code == 200, seconds=1)
