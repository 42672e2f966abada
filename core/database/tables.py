"""The tables as SQLModel classes; a test compares them with schema.sql."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, func, text
from sqlmodel import Field, SQLModel, col

SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}
NOW = {"server_default": func.now()}
NEW_ID = {"server_default": func.gen_random_uuid()}


class User(SQLModel, table=True):
    """A user who signed up here, or was provisioned from a token of Better Auth."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint('email = lower(email COLLATE "C")', name="email_lower_case"),)

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    email: str = Field(max_length=255, unique=True)
    password_hash: str = Field(max_length=255)
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs=NOW)


class Task(SQLModel, table=True):
    """A task of one user."""

    __tablename__ = "tasks"
    __table_args__ = (CheckConstraint("btrim(title) <> ''", name="title_not_blank"),)

    id: UUID = Field(primary_key=True, sa_column_kwargs=NEW_ID)
    title: str = Field(max_length=255)
    description: str | None = Field(max_length=1000)
    completed: bool = Field(sa_column_kwargs={"server_default": text("false")})
    user_id: UUID = Field(sa_column_args=[ForeignKey("users.id", ondelete="CASCADE")])
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs=NOW)
    updated_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs=NOW)


Index("tasks_list_idx", col(Task.user_id), col(Task.created_at).desc(), col(Task.id))


class IdempotencyKey(SQLModel, table=True):
    """A create with an Idempotency-Key: the request, and the row that it made."""

    __tablename__ = "idempotency_keys"

    user_id: UUID = Field(
        primary_key=True, sa_column_args=[ForeignKey("users.id", ondelete="CASCADE")]
    )
    key: str = Field(primary_key=True, max_length=255)
    fingerprint: bytes
    row_id: UUID = Field(sa_column_kwargs=NEW_ID)
    created_at: datetime = Field(sa_type=DateTime(timezone=True), sa_column_kwargs=NOW)


Index("idempotency_keys_created_at_idx", col(IdempotencyKey.created_at))
