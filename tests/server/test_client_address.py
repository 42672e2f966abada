"""The log names the client's address: X-Forwarded-For is used where the peer is trusted."""

from collections.abc import Callable
from functools import partial

import httpx

from tests.support.program import Program, eventually
from tests.support.tokens import bearer, in_seconds, sign

PEER = "127.0.0.1"
UNUSABLE = bearer(sign({"exp": in_seconds(3600)}))  # each request with it is a warning in the log
# X-Forwarded-For; the client where the peer is trusted; and where every address is.
HEADERS = [
    ([], PEER, PEER),
    (["203.0.113.9"], "203.0.113.9", "203.0.113.9"),
    (["10.1.1.1, 203.0.113.9"], "203.0.113.9", "10.1.1.1"),
    (["198.51.100.1", "203.0.113.9"], "203.0.113.9", "198.51.100.1"),
    (["203.0.113.9, 127.0.0.1"], "203.0.113.9", "203.0.113.9"),
    (["2001:db8::7"], "2001:db8::7", "2001:db8::7"),
    (["203.0.113.9,,"], PEER, "203.0.113.9"),
]


def assert_clients(program: Program, expected: list[str]) -> None:
    """Check the `client` of the warning about each request's unusable token."""
    for (values, _, _), client in zip(HEADERS, expected, strict=True):
        headers = list(UNUSABLE.items())
        headers += [("X-Forwarded-For", value) for value in values]
        response = httpx.get(f"{program.url}/api/tasks", headers=headers)
        assert response.status_code == 401
        request_id = response.headers["x-request-id"]
        records = eventually(partial(program.records, request_id))
        assert [record["client"] for record in records] == [client], values


def test_peer_on_the_same_host_is_trusted_by_default(service: Program) -> None:
    assert_clients(service, [trusted for _, trusted, _ in HEADERS])


def test_every_address_can_be_trusted(start: Callable[..., Program], database_url: str) -> None:
    program = start(database_url, FORWARDED_ALLOW_IPS="*")
    assert_clients(program, [all_trusted for _, _, all_trusted in HEADERS])
    program.kill()


def test_peer_outside_the_trusted_networks_is_the_client(
    start: Callable[..., Program], database_url: str
) -> None:
    program = start(database_url, FORWARDED_ALLOW_IPS="10.0.0.0/8")
    assert_clients(program, [PEER] * len(HEADERS))
    program.kill()
