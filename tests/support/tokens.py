"""Tokens as Better Auth signs them, and forged ones."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt

SECRET = "the-secret-that-only-these-tests-and-the-program-know"
HEADER = {"alg": "HS256", "typ": "JWT"}
Claims = dict[str, Any]


def in_seconds(seconds: float) -> int:
    return int(time.time() + seconds)


def claims(user_id: object, /, **more: object) -> Claims:
    """The claims of a valid token; keywords replace the usual ones."""
    usual: Claims = {"sub": user_id, "user_id": user_id, "iat": in_seconds(0)}
    return usual | {"exp": in_seconds(3600)} | more


def without(content: Claims, *names: str) -> Claims:
    return {name: value for name, value in content.items() if name not in names}


def sign(content: Claims, secret: str = SECRET) -> str:
    """A token made by PyJWT."""
    return jwt.encode(content, secret, algorithm="HS256")


def forge(
    content: object,
    header: object = None,
    secret: str = SECRET,
    digest: str = "sha256",
) -> str:
    """A token with any content and header; bytes are not encoded as JSON."""
    signed = f"{part(HEADER if header is None else header)}.{part(content)}"
    signature = hmac.new(secret.encode(), signed.encode(), getattr(hashlib, digest)).digest()
    return f"{signed}.{part(signature)}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part(content: object) -> str:
    """One of the three parts of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
