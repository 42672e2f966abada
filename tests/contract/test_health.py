"""/health is about the process alone, /health/ready about the database too."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy

HEALTHY = {"status": "healthy"}
LIMITS = {"/health": 0.5, "/health/ready": 2 + 0.8}  # seconds, with a margin for a busy machine


@pytest.fixture
def http(proxied: Program) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxied.url, timeout=10) as client:
        yield client


def is_ready(http: httpx.Client) -> bool:
    return http.get("/health/ready").status_code == 200


def test_only_readiness_queries_the_database(http: httpx.Client, proxy: Proxy) -> None:
    for path, queries in (("/health", False), ("/health/ready", True)):
        for _ in range(5):
            before = proxy.sent
            response = http.get(path)
            assert (response.status_code, response.json()) == (200, HEALTHY)
            assert response.headers["content-type"].split(";")[0] == "application/json"
            assert (proxy.sent > before) is queries


@pytest.mark.parametrize("outage", ["refuse", "freeze"])
def test_without_the_database_it_is_healthy_but_not_ready(
    http: httpx.Client, proxy: Proxy, outage: str
) -> None:
    assert is_ready(http)
    getattr(proxy, outage)()
    try:
        for path, limit in [*LIMITS.items()] * 2:
            began = time.monotonic()
            response = http.get(path)
            assert time.monotonic() - began < limit
            if path == "/health":
                assert (response.status_code, response.json()) == (200, HEALTHY)
            else:
                expect.error(response, 503, "Database unavailable")
    finally:
        proxy.open()
    assert eventually(lambda: is_ready(http), seconds=1)
