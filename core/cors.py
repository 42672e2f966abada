"""Cross-origin resource sharing, for the origins of FRONTEND_URL (Fetch standard, 3.2)."""

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

METHODS = (b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS")
HEADERS = (b"Authorization", b"Content-Type")
ON_REQUEST = b"Idempotency-Key"  # named in a preflight's answer only where it asks for it
ALLOWED = {name.lower() for name in (*HEADERS, ON_REQUEST)}
SAFELISTED = {b"accept", b"accept-language", b"content-language", b""}

VARY = (b"vary", b"Origin")
PREFLIGHT_GRANT = [
    (b"access-control-allow-methods", b", ".join(METHODS)),
    (b"access-control-max-age", b"7200"),
]


class Cors:
    """Says which headers an origin gets."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._grants = {origin.encode(): _grant(origin.encode()) for origin in origins}
        self._refusal: Headers = [VARY]

    def grant(self, origin: bytes | None) -> Headers:
        """The headers of every answer to this origin; for a foreign one only Vary."""
        return self._grants.get(origin, self._refusal) if origin else self._refusal

    def refusal(self, headers: dict[bytes, bytes]) -> str | None:
        """Why a preflight is refused, or None where it is granted."""
        if headers[b"origin"] not in self._grants:
            return "This origin is not allowed"
        if headers[b"access-control-request-method"] not in METHODS:
            return "This method is not allowed across origins"
        if not _wanted(headers) <= ALLOWED | SAFELISTED:
            return "This header is not allowed across origins"
        return None


def preflight_grant(headers: dict[bytes, bytes]) -> Headers:
    """What a preflight that is not refused is told beside the headers of every answer."""
    names = list(HEADERS)
    if ON_REQUEST.lower() in _wanted(headers):
        names.append(ON_REQUEST)
    return [*PREFLIGHT_GRANT, (b"access-control-allow-headers", b", ".join(names))]


def _wanted(headers: dict[bytes, bytes]) -> set[bytes]:
    wanted = headers.get(b"access-control-request-headers", b"").lower().split(b",")
    return {name.strip() for name in wanted}


def _grant(origin: bytes) -> Headers:
    return [
        VARY,
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"X-Request-ID, Retry-After, Link"),
    ]


def is_preflight(method: str, headers: dict[bytes, bytes]) -> bool:
    """Whether a browser asks before the real request."""
    return (
        method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers
    )
