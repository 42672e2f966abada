"""Auth: sign-up and log-in with e-mail and password."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlmodel import bindparam, col, insert, select
from starlette.requests import Request
from typing_extensions import TypedDict

from core.body import SENTENCE, STORABLE, Body
from core.errors import ApiError
from core.passwords import LONGEST, TooManySignIns
from core.plugin import Plugin
from core.statements import Statement
from core.tables import User
from core.users import Email, known_as

plugin = Plugin("auth", prefix="/api/auth")

BY_EMAIL = Statement(
    select(User.id, User.email, User.password_hash).where(col(User.email) == bindparam("email"))
)
ADD = Statement(
    insert(User)
    .values(email=bindparam("email"), password_hash=bindparam("password_hash"))
    .returning(col(User.id), col(User.email))
)


def _of_allowed_length(password: str) -> str:
    if len(password) < 8:
        raise PydanticCustomError(SENTENCE, "Password must be at least 8 characters")
    if len(password.encode()) > LONGEST:
        raise PydanticCustomError(SENTENCE, "Password must be at most 72 bytes")
    return password


def _some_text(password: object) -> str:
    """Any text at all: what cannot be a password of ours is just wrong."""
    if not isinstance(password, str) or not password:
        raise PydanticCustomError(SENTENCE, Login.complaint)
    return password


class Signup(Body):
    """A new account."""

    email: Email
    password: Annotated[str, STORABLE, AfterValidator(_of_allowed_length)]


class Login(Body):
    """An account's e-mail and password; whatever does not fit is just a wrong password."""

    complaint: ClassVar[str] = "Email and password required"

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), STORABLE]
    password: Annotated[Any, AfterValidator(_some_text), WithJsonSchema({"type": "string"})]


class Account(TypedDict):
    """A user, without the password."""

    id: UUID
    email: str


class Session(TypedDict):
    """A token for the Authorization header, and whose it is."""

    token: str
    user: Account


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
    """Create an account and log in."""
    state = request.app.state
    password_hash = await state.passwords.hash(account.password)
    try:
        user = await state.database.fetch_one(ADD, email=account.email, password_hash=password_hash)
    except asyncpg.UniqueViolationError:
        raise EmailTaken from None
    return _session(request, user)


@plugin.post("/login", returns=Session, public=True, errors=[WrongCredentials, TooManySignIns])
async def login(request: Request, credentials: Login) -> Session:
    """Log in."""
    state = request.app.state
    user = await state.database.fetch_one(BY_EMAIL, email=known_as(credentials.email))
    password_hash = user and user["password_hash"]
    if not await state.passwords.check(credentials.password, password_hash):
        raise WrongCredentials
    return _session(request, user)


def _session(request: Request, user: Account) -> Session:
    token = request.app.state.tokens.issue(user["id"], user["email"])
    return {"token": token, "user": {"id": user["id"], "email": user["email"]}}
