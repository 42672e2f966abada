"""Which client a request comes from, where proxies stand in between."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(value: str) -> Networks:
    """Addresses and networks (10.0.0.0/8), separated by commas; `*` stands for all of them."""
    items = filter(None, (part.strip() for part in value.replace("*", "0.0.0.0/0,::/0").split(",")))
    try:
        return tuple(ip_network(item) for item in items)
    except ValueError:
        raise ValueError(
            "expects addresses or networks separated by commas, such as 10.0.0.0/8"
        ) from None


LOOPBACK = networks("127.0.0.1,::1")


def client_address(scope: Scope, trusted: Networks) -> str | None:
    """Who opened the connection or, where that is a trusted proxy, whom it speaks for.

    In X-Forwarded-For each proxy appends whom it was called by, so only what trusted ones wrote,
    from the right, can be believed.
    """
    address: str | None = (scope.get("client") or (None,))[0]
    for before in reversed(_forwarded_for(scope["headers"])):
        if address is None or not _is_within(address, trusted) or not _is_address(before):
            break
        address = before
    return address


def _forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    values = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return [part.strip() for value in values for part in value.split(",")]


def _is_within(address: str, trusted: Networks) -> bool:
    return any(ip_address(address) in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
