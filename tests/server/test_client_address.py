"""Log records name the client: whoever connects, or whom a trusted proxy speaks for."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.program import Program, eventually
from tests.support.tokens import bearer, in_seconds, sign

PROXY = "127.0.0.1"
UNUSABLE = bearer(sign({"exp": in_seconds(3600)}))  # each request with it is a warning in the log


@pytest.fixture(scope="module", params=[PROXY, "10.0.0.0/8", "*"])
def program(
    request: pytest.FixtureRequest, start: Callable[..., Program], database_url: str
) -> Program:
    return start(database_url, FORWARDED_ALLOW_IPS=request.param)


@pytest.mark.parametrize(
    ("given", "by_proxy", "by_all"),
    [
        ([], PROXY, PROXY),
        (["203.0.113.9"], "203.0.113.9", "203.0.113.9"),
        (["10.1.1.1, 203.0.113.9"], "203.0.113.9", "10.1.1.1"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9", "198.51.100.1"),
        (["203.0.113.9, 127.0.0.1"], "203.0.113.9", "203.0.113.9"),
        (["2001:db8::7"], "2001:db8::7", "2001:db8::7"),
        (["nonsense"], PROXY, PROXY),
        (["203.0.113.9,,"], PROXY, PROXY),
    ],
)
def test_the_client_is_named(
    program: Program, given: list[str], by_proxy: str, by_all: str
) -> None:
    trusted = program.environment["FORWARDED_ALLOW_IPS"]
    expected = {PROXY: by_proxy, "*": by_all}.get(trusted, PROXY)
    headers = [("Authorization", UNUSABLE["Authorization"])]
    headers += [("X-Forwarded-For", value) for value in given]
    answer = httpx.get(f"{program.url}/api/tasks", headers=headers)
    assert answer.status_code == 401
    found = eventually(lambda: program.records(answer.headers["x-request-id"]))
    assert [record["client"] for record in found] == [expected]
