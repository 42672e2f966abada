"""Tokens: issued at log-in, verified on every request (JSON Web Token, RFC 7519)."""

import re
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, Self
from uuid import UUID

import jwt
from starlette.types import ASGIApp, Receive, Scope, Send

from core.logs import log
from core.settings import Settings

ISSUER = "todo"
RECOMMENDED_BYTES = 32  # of the secret (RFC 7518, section 3.2)
CACHE_SIZE = 4096  # verified Authorization headers
LATEST_EXPIRATION = 253_402_300_799  # the end of the year 9999
# At most nine blanks: each spelling of a header is a cache entry of its own.
BEARER = re.compile(rb"bearer {1,9}([\w.-]+)", re.IGNORECASE | re.ASCII)
CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
OPTIONS: Any = {
    "require": ["exp"],
    **{f"verify_{claim}": False for claim in ("aud", "iss", "iat", "sub", "jti")},
}
# The service itself warns of a short secret, once, at the start.
warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)


class Identity(NamedTuple):
    """The user of a valid token, and its expiry in seconds since 1970."""

    user_id: UUID
    expires: float


class Tokens:
    """Issues and verifies HS256 tokens of one secret; verifies those of the previous one too."""

    def __init__(self, secret: str, hours: float, previous: str = "") -> None:
        self._key = secret.encode()
        self._keys = [key.encode() for key in (secret, previous) if key]
        self._seconds = max(1, round(hours * 3600))
        # An exception is not cached, so invalid tokens cannot push out valid ones.
        self._verify_cached = lru_cache(CACHE_SIZE)(self._verify)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Use the secrets of the settings; log a warning where the current one is short."""
        if len(settings.better_auth_secret.encode()) < RECOMMENDED_BYTES:
            log.warning("BETTER_AUTH_SECRET is short: use %d bytes or more", RECOMMENDED_BYTES)
        return cls(
            settings.better_auth_secret,
            settings.jwt_expiration_hours,
            settings.better_auth_secret_previous,
        )

    @property
    def cached(self) -> int:
        """The number of verified headers in the cache."""
        return self._verify_cached.cache_info().currsize

    def issue(self, user_id: UUID, email: str) -> str:
        """A new token for a user of this service."""
        now = int(time.time())
        claims = {
            "sub": str(user_id),
            "user_id": str(user_id),
            "email": email,
            "iss": ISSUER,
            "iat": now,
            "exp": now + self._seconds,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def identify(self, headers: Iterable[tuple[bytes, bytes]]) -> UUID | None:
        """The user of the only Authorization header; None where it is missing, twice or invalid."""
        given = [value for name, value in headers if name == b"authorization"]
        if len(given) != 1:
            return None
        try:
            identity = self._verify_cached(given[0])
        except jwt.InvalidTokenError:
            return None
        return identity.user_id if identity.expires > time.time() else None

    def claims(self, authorization: bytes) -> dict[str, Any]:
        """The claims of the token in an Authorization header.

        Raises jwt.InvalidTokenError where it is not valid now.
        """
        found = BEARER.fullmatch(authorization)
        if not found:
            raise jwt.InvalidTokenError("no bearer token")
        claims = self._decode(found[1])
        expires = claims["exp"]
        if not all(_is_number(claims[name]) for name in ("exp", "nbf") if name in claims):
            raise jwt.InvalidTokenError("exp or nbf is not a number")
        if not time.time() < expires <= LATEST_EXPIRATION:
            raise jwt.ExpiredSignatureError("exp is past or out of range")
        return claims

    def _decode(self, token: bytes) -> dict[str, Any]:
        *former, last = self._keys
        for key in former:
            with suppress(jwt.InvalidSignatureError):
                return jwt.decode(token, key, algorithms=["HS256"], options=OPTIONS)
        return jwt.decode(token, last, algorithms=["HS256"], options=OPTIONS)

    def _verify(self, authorization: bytes) -> Identity:
        claims = self.claims(authorization)
        user_id = _user_id(claims)
        if not user_id:
            log.warning(
                "a signed token names no usable user id; its claims are: %s", ", ".join(claims)
            )
            raise jwt.InvalidTokenError("no user id")
        return Identity(user_id, claims["exp"])


def _is_number(value: object) -> bool:
    """Whether this is a NumericDate (RFC 7519, section 2)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _user_id(claims: dict[str, Any]) -> UUID | None:
    """`user_id` or `sub`; where both are present they must be equal.

    Never `userId`, `id` or `email`: the links that Better Auth sends by mail are signed with the
    same secret and contain those.
    """
    found = [parse_uuid(claims[name]) for name in ("user_id", "sub") if name in claims]
    return found[0] if found and found.count(found[0]) == len(found) else None


def parse_uuid(text: object) -> UUID | None:
    """A UUID from its canonical form (RFC 9562, section 4), or None."""
    if isinstance(text, str) and CANONICAL_UUID.fullmatch(text):
        return UUID(text)
    return None


class IdentifyCaller:
    """Middleware that stores the caller's id on `request.state.user_id`, or None; never refuses."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self.app = app
        self.tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify the caller and run the application."""
        if scope["type"] == "http":
            user_id = self.tokens.identify(scope["headers"])
            scope.setdefault("state", {})["user_id"] = user_id
        await self.app(scope, receive, send)
