"""The demo: an account with a dozen tasks."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import bcrypt
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import bindparam, col, exists, select
from sqlmodel import insert as insert_into

from core.accounts.passwords import COST
from core.accounts.tokens import Tokens
from core.database import schema
from core.database.connector import Connection, Connector
from core.database.statements import Statement
from core.database.tables import Task, User
from core.settings import Settings

EMAIL = "demo@example.com"
TASKS = (
    ("Read the documentation at /docs", "Requests can be sent from there.", True),
    ("Sign up", "POST /api/auth/signup", True),
    ("List my tasks with fetch()", "GET /api/tasks", True),
    ("Show an error to a person", "Every error is a sentence.", False),
    ("Add a task", None, False),
    ("Tick a task off", "PUT with completed: true; other fields stay as they are.", False),
    ("Delete a task", None, False),
    ("Repeat a create safely", "Idempotency-Key", False),
    ("Read a long list in pages", "?limit= and the Link header", False),
    ("Set FRONTEND_URL to my own origin", None, False),
    ("Write a plugin", "docs/plugins.md has an example.", False),
    ("Buy milk", "Grüße, 漢字 and 🥛 are stored unchanged.", False),
)
ACCOUNT = Statement(
    insert(User)
    .values(email=EMAIL, password_hash=bindparam("password_hash"))
    .on_conflict_do_update(
        index_elements=["email"], set_={"password_hash": bindparam("password_hash")}
    )
    .returning(col(User.id))
)
HAS_TASKS = Statement(select(exists().where(col(Task.user_id) == bindparam("user_id"))))
INSERT_TASK = Statement(
    insert_into(Task).values(
        {
            name: bindparam(name)
            for name in ("title", "description", "completed", "user_id", "created_at", "updated_at")
        }
    )
)


class Demo(NamedTuple):
    """The account and its token."""

    email: str
    password: str
    token: str


async def prepare(settings: Settings) -> Demo:
    """Create the account with a new password, and its tasks where it has none.

    Exits with 3 where the database cannot be used.
    """
    connector = Connector(settings.database_url)
    await schema.prepare_or_exit(connector)
    password = secrets.token_urlsafe(9)
    password_hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST)).decode()
    connection = await connector.open(timeout=5)
    try:
        async with connection.transaction():
            ((user_id,),) = await _run(connection, ACCOUNT, password_hash=password_hash)
            if not (await _run(connection, HAS_TASKS, user_id=user_id))[0][0]:
                await _fill(connection, user_id)
    finally:
        await connection.close()
    return Demo(EMAIL, password, Tokens.from_settings(settings).issue(user_id, EMAIL))


async def _fill(connection: Connection, user_id: Any) -> None:
    now = datetime.now(UTC)
    for age, (title, description, completed) in enumerate(TASKS):
        moment = now - timedelta(hours=age * 5)
        values = {"title": title, "description": description, "completed": completed}
        times = {"created_at": moment, "updated_at": moment}
        await _run(connection, INSERT_TASK, user_id=user_id, **values, **times)


async def _run(connection: Connection, statement: Statement, **values: Any) -> list[Any]:
    return list(await connection.fetch(statement.sql, *statement.arguments(values)))
