"""Auth: sign-up and log-in with e-mail and password."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from pydantic import AfterValidator, ConfigDict, Field, JsonValue, WithJsonSchema, with_config
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError
from sqlmodel import bindparam, col, insert, select
from starlette.requests import Request
from typing_extensions import TypedDict

from core.accounts.passwords import MAX_BYTES, TooManySignIns
from core.accounts.users import INVALID_EMAIL, Email, email_lookup_key
from core.body import SENTENCE, STORABLE, STORABLE_LINE, Body
from core.database.database import Row
from core.database.statements import Statement
from core.database.tables import User
from core.errors import ApiError, InvalidRequest
from core.plugin import Plugin
from core.state import app_state

plugin = Plugin("auth", prefix="/api/auth", description="Sign up and log in.")

BY_EMAIL = Statement(
    select(User.id, User.email, User.password_hash).where(col(User.email) == bindparam("email"))
)
INSERT = Statement(
    insert(User)
    .values(email=bindparam("email"), password_hash=bindparam("password_hash"))
    .returning(col(User.id), col(User.email))
)


EXAMPLE_JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….c2lnbmF0dXJl"
EXAMPLE: JsonValue = {"email": "ada@example.com", "password": "correct horse"}
TOO_SHORT = "Password must be at least 8 characters"
TOO_LONG = "Password must be at most 72 bytes"
PASSWORD: JsonSchemaValue = {
    "type": "string",
    "description": "The password of the sign-up.",
    "minLength": 1,
}
NEW_PASSWORD: JsonSchemaValue = {
    "type": "string",
    "description": "At least 8 characters, at most 72 bytes in UTF-8.",
    "minLength": 8,
    "maxLength": MAX_BYTES,
    "pattern": STORABLE.pattern,
}


def _check_length(password: str) -> str:
    if len(password) < 8:
        raise PydanticCustomError(SENTENCE, TOO_SHORT)
    if len(password.encode()) > MAX_BYTES:
        raise PydanticCustomError(SENTENCE, TOO_LONG)
    return password


def _check_text(password: object) -> str:
    """Accept any text: one that cannot be a password here is a wrong password."""
    if not isinstance(password, str) or not password:
        raise PydanticCustomError(SENTENCE, Login.error_sentence)
    return password


class Signup(Body):
    """A new account."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    email: Annotated[Email, Field(description="Kept trimmed and in lower case.")]
    password: Annotated[str, STORABLE, AfterValidator(_check_length), WithJsonSchema(NEW_PASSWORD)]


class Login(Body):
    """The e-mail and password of an account."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    error_sentence: ClassVar[str] = "Email and password required"

    email: Annotated[str, STORABLE_LINE, Field(description="Upper and lower case are equal.")]
    password: Annotated[Any, AfterValidator(_check_text), WithJsonSchema(PASSWORD)]


ADA: JsonValue = {"id": "d9c39d5c-7386-46a7-a7e4-0ebfa5a7df1c", "email": "ada@example.com"}


@with_config(ConfigDict(json_schema_extra={"examples": [ADA]}))
class Account(TypedDict):
    """A user, without the password."""

    id: Annotated[UUID, Field(description="The `user_id` of this user's tasks.")]
    email: Annotated[str, Field(description="Trimmed and in lower case.")]


class Session(TypedDict):
    """A token for the Authorization header, and its user."""

    token: Annotated[str, Field(description="For `Authorization: Bearer`.", examples=[EXAMPLE_JWT])]
    user: Annotated[Account, Field(description="The user of the token.")]


class EmailTaken(ApiError):
    """There is an account with this e-mail."""

    status = 409
    sentence = "Email already registered"


class WrongCredentials(ApiError):
    """Unknown e-mail or wrong password."""

    status = 401
    sentence = "Invalid email or password"


@plugin.post(
    "/signup",
    returns=Session,
    status=201,
    public=True,
    errors=[
        *map(InvalidRequest, (INVALID_EMAIL, TOO_SHORT, TOO_LONG)),
        EmailTaken,
        TooManySignIns,
    ],
)
async def signup(request: Request, account: Signup) -> Session:
    """Create an account and log in.

    The token is valid for 24 hours, unless JWT_EXPIRATION_HOURS says otherwise.
    """
    state = app_state(request)
    password_hash = await state.passwords.hash(account.password)
    try:
        [user] = await state.database.fetch(
            INSERT, email=account.email, password_hash=password_hash
        )
    except asyncpg.UniqueViolationError:
        raise EmailTaken from None
    return _session(request, user)


@plugin.post(
    "/login",
    returns=Session,
    public=True,
    errors=[InvalidRequest(Login.error_sentence), WrongCredentials, TooManySignIns],
)
async def login(request: Request, credentials: Login) -> Session:
    """Log in with e-mail and password.

    An unknown e-mail and a wrong password get the same response.
    """
    state = app_state(request)
    user = await state.database.fetch_one(BY_EMAIL, email=email_lookup_key(credentials.email))
    password_hash = user["password_hash"] if user else None
    matches = await state.passwords.check(credentials.password, password_hash)
    if user is None or not matches:
        raise WrongCredentials
    return _session(request, user)


def _session(request: Request, user: Row) -> Session:
    token = app_state(request).tokens.issue(user["id"], user["email"])
    return {"token": token, "user": {"id": user["id"], "email": user["email"]}}
