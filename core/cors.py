"""Cross-origin resource sharing for the origins of FRONTEND_URL (Fetch standard, section 3.2)."""

import re
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

METHODS = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
MAX_NAMES_BYTES = 1024
HEADER_NAME = re.compile(rb"[\w!#$%&'*+.^`|~-]*", re.ASCII)  # RFC 9110, section 5.6.2; may be empty
MAX_AGE = b"600"  # seconds
EXPOSED = b"X-Request-ID, Retry-After, Link, WWW-Authenticate"
VARY = (b"vary", b"Origin")


class Cors:
    """Decides which headers an origin gets."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._grants = {origin.encode(): _grant(origin.encode()) for origin in origins}
        self._no_grant: Headers = [VARY]

    def headers(self, origin: bytes | None) -> Headers:
        """The CORS headers of every response to this origin; only Vary for a foreign one."""
        return self._grants.get(origin, self._no_grant) if origin else self._no_grant

    def refusal(self, headers: dict[bytes, bytes]) -> str | None:
        """Why a preflight is refused, or None where it is granted."""
        if headers[b"origin"] not in self._grants:
            return "This origin is not allowed"
        if headers[b"access-control-request-method"] not in METHODS:
            return "This method is not allowed across origins"
        if not _are_header_names(headers.get(b"access-control-request-headers", b"")):
            return "The requested headers are not header names, or too many"
        return None


def preflight_headers(headers: dict[bytes, bytes]) -> Headers:
    """The headers of a granted preflight, beside those of every response."""
    granted = [
        (b"access-control-allow-methods", b", ".join(METHODS)),
        (b"access-control-max-age", MAX_AGE),
    ]
    if names := headers.get(b"access-control-request-headers"):
        granted.append((b"access-control-allow-headers", names))
    return granted


def is_preflight(method: str, headers: dict[bytes, bytes]) -> bool:
    """Whether a browser asks for permission before the real request."""
    return (
        method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers
    )


def _are_header_names(text: bytes) -> bool:
    names = (name.strip(b" \t") for name in text.split(b","))
    return len(text) <= MAX_NAMES_BYTES and all(map(HEADER_NAME.fullmatch, names))


def _grant(origin: bytes) -> Headers:
    return [
        VARY,
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", EXPOSED),
    ]
