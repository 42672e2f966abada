"""Users: normal form of e-mail addresses, and provisioning of Better Auth's users."""

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
from core.state import app_state

T = TypeVar("T")

MAX_EMAIL_LENGTH = 255
INVALID_EMAIL = "Invalid email format"
ADDRESS = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")
PROVISION = Statement(
    insert(User)
    .values(id=bindparam("id"), email=bindparam("email"), password_hash=UNUSABLE)
    .on_conflict_do_nothing()
)


def normalize_email(text: str) -> str:
    """The normal form of a valid e-mail address: trimmed, in lower case.

    Raises ValueError. The top-level domain `test` (RFC 6761) is allowed.
    """
    text = text.strip()
    if len(text) > MAX_EMAIL_LENGTH:  # validation takes quadratic time
        raise ValueError("too long")
    found = validate_email(text, check_deliverability=False, test_environment=True)
    email = found.normalized.lower()
    if len(email) > MAX_EMAIL_LENGTH:
        raise ValueError("too long")
    return email


def email_lookup_key(text: str) -> str:
    """The normal form of an address; of an invalid one, the text in lower case."""
    try:
        return normalize_email(text)
    except ValueError:
        return text.lower()


def _email(text: str) -> str:
    try:
        return normalize_email(text)
    except ValueError as error:
        raise PydanticCustomError(SENTENCE, INVALID_EMAIL) from error


EMAIL = {"type": "string", "format": "email", "maxLength": 254}  # RFC 5321, section 4.5.3.1.3
Email = Annotated[str, STORABLE, AfterValidator(_email), WithJsonSchema(EMAIL)]


async def with_user(request: Request, write: Callable[[], Awaitable[T]]) -> T:
    """Run a write that needs the caller's row in `users`.

    Where the row is missing, provision the user from the token and try once more. Raises
    Unauthorized where there is still no row.
    """
    try:
        return await write()
    except asyncpg.ForeignKeyViolationError:
        await _provision(request)
    try:
        return await write()
    except asyncpg.ForeignKeyViolationError:
        raise _refusal("its e-mail belongs to another user") from None


async def _provision(request: Request) -> None:
    """Insert the user of a Better Auth token; accounts are never linked by e-mail."""
    user_id: UUID = request.state.user_id
    try:
        claims = app_state(request).tokens.claims(request.headers["authorization"].encode())
    except jwt.InvalidTokenError:  # it has expired meanwhile
        raise Unauthorized from None
    if claims.get("iss") == ISSUER:  # a user of our own had a row at the sign-up
        raise _refusal("the account has been deleted")
    try:
        email = normalize_token_email(claims["email"])
    except (KeyError, AttributeError, ValueError):
        raise _refusal("it names no usable e-mail") from None
    await app_state(request).database.fetch(PROVISION, id=user_id, email=email)


def normalize_token_email(text: str) -> str:
    """The normal form of an address that Better Auth accepts, such as ada@corp.local.

    Raises ValueError, and AttributeError for what is not text.
    """
    email = email_lookup_key(text.strip())
    if len(email) > MAX_EMAIL_LENGTH or not ADDRESS.fullmatch(email) or not email.encode():
        raise ValueError("not an e-mail address")
    return email


def _refusal(reason: str) -> Unauthorized:
    log.warning("the user of a signed token has no row in users: %s", reason)
    return Unauthorized()
