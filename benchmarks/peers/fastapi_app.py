"""FastAPI with SQLModel, as its documentation shows it: sessions, entities, response models."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import bcrypt
import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import Field, SQLModel, col, select

SECRET = os.environ["BETTER_AUTH_SECRET"]
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["DB_POOL_SIZE"]),
    max_overflow=0,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


def now() -> datetime:
    return datetime.now(UTC)


class User(SQLModel, table=True):
    __tablename__ = "users"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(unique=True)
    password_hash: str
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskFields(SQLModel):
    title: str = Field(min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=1000)


class Task(TaskFields, table=True):
    __tablename__ = "tasks"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    completed: bool = False
    user_id: UUID = Field(foreign_key="users.id")
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskRead(TaskFields):
    id: UUID
    completed: bool
    user_id: UUID
    created_at: datetime
    updated_at: datetime


class TaskUpdate(SQLModel):
    title: str | None = Field(default=None, min_length=1, max_length=255)
    description: str | None = Field(default=None, max_length=1000)
    completed: bool | None = None


class TaskOut(SQLModel):
    task: TaskRead


class TaskList(SQLModel):
    tasks: list[TaskRead]


class Credentials(SQLModel):
    email: str
    password: str


async def get_session():
    async with new_session() as session:
        yield session


def get_user_id(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> UUID:
    try:
        claims = jwt.decode(credentials.credentials, SECRET, algorithms=["HS256"])
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError):
        raise HTTPException(401, "Unauthorized") from None


Session = Annotated[AsyncSession, Depends(get_session)]
UserId = Annotated[UUID, Depends(get_user_id)]


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.post("/api/auth/login")
async def log_in(credentials: Credentials, session: Session):
    statement = select(User).where(User.email == credentials.email.lower())
    user = (await session.execute(statement)).scalar_one_or_none()
    hashed = user.password_hash.encode() if user else bcrypt.gensalt()
    if not await asyncio.to_thread(bcrypt.checkpw, credentials.password.encode(), hashed):
        raise HTTPException(401, "Invalid email or password")
    expires = int(now().timestamp()) + 86400
    return {"token": jwt.encode({"sub": str(user.id), "exp": expires}, SECRET, "HS256")}


@app.get("/api/tasks", response_model=TaskList)
async def list_tasks(session: Session, user_id: UserId):
    statement = select(Task).where(Task.user_id == user_id)
    rows = await session.execute(statement.order_by(col(Task.created_at).desc(), Task.id))
    return {"tasks": rows.scalars().all()}


@app.post("/api/tasks", response_model=TaskOut, status_code=201)
async def create_task(fields: TaskFields, session: Session, user_id: UserId):
    task = Task(**fields.model_dump(), user_id=user_id)
    session.add(task)
    await session.commit()
    return {"task": task}


@app.put("/api/tasks/{task_id}", response_model=TaskOut)
async def update_task(task_id: UUID, changes: TaskUpdate, session: Session, user_id: UserId):
    task = await session.get(Task, task_id)
    if task is None:
        raise HTTPException(404, "Task not found")
    if task.user_id != user_id:
        raise HTTPException(403, "Access denied")
    task.sqlmodel_update(changes.model_dump(exclude_unset=True))
    task.updated_at = now()
    await session.commit()
    return {"task": task}
