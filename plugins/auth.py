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
from core.accounts.users import Email, known_as
from core.body import SENTENCE, STORABLE, STORABLE_LINE, Body
from core.database.statements import Statement
from core.database.tables import User
from core.errors import ApiError
from core.plugin import Plugin

plugin = Plugin("auth", prefix="/api/auth", description="Sign up and log in.")

BY_EMAIL = Statement(
    select(User.id, User.email, User.password_hash).where(col(User.email) == bindparam("email"))
)
ADD = Statement(
    insert(User)
    .values(email=bindparam("email"), password_hash=bindparam("password_hash"))
    .returning(col(User.id), col(User.email))
)


ISSUED = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….c2lnbmF0dXJl"
EXAMPLE: JsonValue = {"email": "ada@example.com", "password": "correct horse"}
SOME_TEXT: JsonSchemaValue = {"type": "string", "minLength": 1}
PASSWORD = SOME_TEXT | {"description": "The password of the sign-up."}
NEW_PASSWORD: JsonSchemaValue = SOME_TEXT | {
    "description": "8 characters at least, 72 bytes in UTF-8 at most.",
    "minLength": 8,
    "maxLength": MAX_BYTES,
    "pattern": STORABLE.pattern,
}


def _of_allowed_length(password: str) -> str:
    if len(password) < 8:
        raise PydanticCustomError(SENTENCE, "Password must be at least 8 characters")
    if len(password.encode()) > MAX_BYTES:
        raise PydanticCustomError(SENTENCE, "Password must be at most 72 bytes")
    return password


def _some_text(password: object) -> str:
    """Any text at all: what cannot be a password of ours is just wrong."""
    if not isinstance(password, str) or not password:
        raise PydanticCustomError(SENTENCE, Login.complaint)
    return password


class Signup(Body):
    """A new account."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    email: Annotated[Email, Field(description="Kept trimmed and in lower case.")]
    password: Annotated[
        str, STORABLE, AfterValidator(_of_allowed_length), WithJsonSchema(NEW_PASSWORD)
    ]


class Login(Body):
    """An account's e-mail and password; whatever does not fit is just a wrong password."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    complaint: ClassVar[str] = "Email and password required"

    email: Annotated[str, STORABLE_LINE, Field(description="In upper or lower case.")]
    password: Annotated[Any, AfterValidator(_some_text), WithJsonSchema(PASSWORD)]


ADA: JsonValue = {"id": "d9c39d5c-7386-46a7-a7e4-0ebfa5a7df1c", "email": "ada@example.com"}


@with_config(ConfigDict(json_schema_extra={"examples": [ADA]}))
class Account(TypedDict):
    """A user, without the password."""

    id: Annotated[UUID, Field(description="The `user_id` of this user's tasks.")]
    email: Annotated[str, Field(description="Trimmed and in lower case.")]


class Session(TypedDict):
    """A token for the Authorization header, and whose it is."""

    token: Annotated[str, Field(description="For `Authorization: Bearer`.", examples=[ISSUED])]
    user: Annotated[Account, Field(description="Whose the token is.")]


class EmailTaken(ApiError):
    """Somebody has signed up with this e-mail."""

    status = 409
    sentence = "Email already registered"


class WrongCredentials(ApiError):
    """Unknown e-mail or wrong password: nobody learns which."""

    status = 401
    sentence = "Invalid email or password"


@plugin.post(
    "/signup", returns=Session, status=201, public=True, errors=[EmailTaken, TooManySignIns]
)
async def signup(request: Request, account: Signup) -> Session:
    """Create an account and log in.

    The token is good for 24 hours, unless the service is set otherwise.
    """
    state = request.app.state
    password_hash = await state.passwords.hash(account.password)
    try:
        user = await state.database.fetch_one(ADD, email=account.email, password_hash=password_hash)
    except asyncpg.UniqueViolationError:
        raise EmailTaken from None
    return _session(request, user)


@plugin.post("/login", returns=Session, public=True, errors=[WrongCredentials, TooManySignIns])
async def login(request: Request, credentials: Login) -> Session:
    """Log in with e-mail and password.

    An unknown e-mail and a wrong password get the same answer.
    """
    state = request.app.state
    user = await state.database.fetch_one(BY_EMAIL, email=known_as(credentials.email))
    password_hash = user and user["password_hash"]
    if not await state.passwords.check(credentials.password, password_hash):
        raise WrongCredentials
    return _session(request, user)


def _session(request: Request, user: Account) -> Session:
    token = request.app.state.tokens.issue(user["id"], user["email"])
    return {"token": token, "user": {"id": user["id"], "email": user["email"]}}
