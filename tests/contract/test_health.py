"""/health speaks for the process, /health/ready for the database too."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.proxy import Proxy
from tests.support.sql import new_database

MARGIN = 0.8  # seconds over the promised two, for a busy machine


class Watched(NamedTuple):
    """A service, and the door to its database."""

    http: httpx.Client
    proxy: Proxy


@pytest.fixture(scope="module")
def watched(start: Callable[..., Program], postgres: str, postgres_port: int) -> Iterator[Watched]:
    proxy = Proxy(postgres_port)
    url = new_database(postgres).replace(f":{postgres_port}/", f":{proxy.port}/")
    program = start(url)
    with httpx.Client(base_url=program.url, timeout=10) as http:
        yield Watched(http, proxy)
    program.stop()
    proxy.close()


@pytest.fixture(params=["refuse", "freeze"])
def away(request: pytest.FixtureRequest, watched: Watched) -> Iterator[httpx.Client]:
    """The service while its database is away in one way or another."""
    assert watched.http.get("/health/ready").status_code == 200
    getattr(watched.proxy, request.param)()
    yield watched.http
    watched.proxy.open()
    assert eventually(lambda: watched.http.get("/health/ready").status_code == 200)


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_a_healthy_service_says_so(watched: Watched, path: str) -> None:
    response = watched.http.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert response.json() == {"status": "healthy"}


def test_health_does_not_touch_the_database(watched: Watched) -> None:
    before = watched.proxy.sent
    for _ in range(10):
        assert watched.http.get("/health").status_code == 200
    assert watched.proxy.sent == before


def test_ready_asks_the_database_each_time(watched: Watched) -> None:
    for _ in range(3):
        before = watched.proxy.sent
        assert watched.http.get("/health/ready").status_code == 200
        assert watched.proxy.sent > before


def test_the_process_is_healthy_while_the_database_is_away(away: httpx.Client) -> None:
    for _ in range(5):
        began = time.monotonic()
        response = away.get("/health")
        assert (response.status_code, response.json()) == (200, {"status": "healthy"})
        assert time.monotonic() - began < 0.5


def test_it_is_not_ready_while_the_database_is_away(away: httpx.Client) -> None:
    for _ in range(2):
        began = time.monotonic()
        expect.error(away.get("/health/ready"), 503, "Database unavailable")
        assert time.monotonic() - began < 2 + MARGIN


def test_it_is_ready_again_within_a_second(watched: Watched) -> None:
    watched.proxy.refuse()
    expect.error(watched.http.get("/health/ready"), 503, "Database unavailable")
    watched.proxy.open()
    assert eventually(lambda: watched.http.get("/health/ready").status_code == 200, seconds=1)
