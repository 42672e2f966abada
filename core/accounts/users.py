"""Users: how an e-mail is written, and those whom Better Auth created."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
import jwt
from email_validator import validate_email
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import bindparam
from starlette.requests import Request

from core.accounts.passwords import UNUSABLE
from core.accounts.tokens import ISSUER
from core.body import SENTENCE, STORABLE
from core.database.statements import Statement
from core.database.tables import User
from core.errors import Unauthorized
from core.logs import log

T = TypeVar("T")

MAX_EMAIL_LENGTH = 255
ADDRESS = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")
PROVISION = Statement(
    insert(User)
    .values(id=bindparam("id"), email=bindparam("email"), password_hash=UNUSABLE)
    .on_conflict_do_nothing()
)


def normalize_email(text: str) -> str:
    """The one form of an e-mail address: valid, trimmed, in lower case.

    Raises ValueError. The domain `.test` (RFC 6761) is let through, for people's tests.
    """
    text = text.strip()
    if len(text) > MAX_EMAIL_LENGTH:  # normalising marks is quadratic
        raise ValueError("too long")
    found = validate_email(text, check_deliverability=False, test_environment=True)
    email = found.normalized.lower()
    if len(email) > MAX_EMAIL_LENGTH:
        raise ValueError("too long")
    return email


def known_as(text: str) -> str:
    """The form in which an address would be stored, were it valid."""
    try:
        return normalize_email(text)
    except ValueError:
        return text.lower()


def _email(text: str) -> str:
    try:
        return normalize_email(text)
    except ValueError as error:
        raise PydanticCustomError(SENTENCE, "Invalid email format") from error


EMAIL = {"type": "string", "format": "email", "maxLength": 254}  # RFC 5321, section 4.5.3.1.3
Email = Annotated[str, STORABLE, AfterValidator(_email), WithJsonSchema(EMAIL)]


async def with_user(request: Request, write: Callable[[], Awaitable[T]]) -> T:
    """Run a write that needs the caller's row in `users`.

    Where that row is missing the user is provisioned from the token, and the write is tried
    once more. Raises Unauthorized where there is still no such user.
    """
    try:
        return await write()
    except asyncpg.ForeignKeyViolationError:
        await _provision(request)
    try:
        return await write()
    except asyncpg.ForeignKeyViolationError:
        raise _refusal("its e-mail is somebody else's") from None


async def _provision(request: Request) -> None:
    """A row for someone whom Better Auth vouches for; accounts are never linked by e-mail."""
    user_id: UUID = request.state.user_id
    try:
        claims = request.app.state.tokens.claims(request.headers["authorization"].encode())
    except jwt.InvalidTokenError:  # it has expired meanwhile
        raise Unauthorized from None
    if claims.get("iss") == ISSUER:  # our own user once had a row
        raise _refusal("the account has been deleted")
    try:
        email = _vouched_for(claims["email"])
    except (KeyError, AttributeError, ValueError):
        raise _refusal("it names no usable e-mail") from None
    await request.app.state.database.fetch(PROVISION, id=user_id, email=email)


def _vouched_for(text: str) -> str:
    """The one form of an address that Better Auth has found good, as ada@corp.local may be.

    Raises ValueError, and AttributeError for what is no text.
    """
    email = known_as(text.strip())
    if len(email) > MAX_EMAIL_LENGTH or not ADDRESS.fullmatch(email) or not email.encode():
        raise ValueError("no address")
    return email


def _refusal(reason: str) -> Unauthorized:
    log.warning("the user of a signed token has no row in users: %s", reason)
    return Unauthorized()
