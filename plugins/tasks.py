"""Tasks: one user's to-do list."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, with_config
from sqlmodel import bindparam, col, delete, func, insert, select, update
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from core.accounts.tokens import parse_uuid
from core.accounts.users import with_user
from core.body import ABSENT, STORABLE, STORABLE_LINE, Body
from core.database.database import Row
from core.database.statements import Statement, StatementByKey
from core.database.tables import Task
from core.errors import ApiError, InvalidRequest
from core.idempotency import IDEMPOTENCY_KEY, MALFORMED_KEY, InsertOnce, KeyUsedBefore, key_of
from core.operation import Json, uuid_in_path
from core.pagination import (
    GIVEN_TWICE,
    LIMIT_OUT_OF_RANGE,
    NEXT_PAGE,
    PAGE_PARAMETERS,
    Page,
    Pages,
    link,
    newest_first,
)
from core.plugin import Plugin
from core.responses import json_response
from core.state import app_state

plugin = Plugin("tasks", prefix="/api/tasks", description="One user's to-do list.")

OWNED_BY_CALLER = (col(Task.id) == bindparam("task_id"), col(Task.user_id) == bindparam("owner"))

LIST = StatementByKey(
    lambda owner: select(Task).where(col(Task.user_id) == owner).order_by(*newest_first(Task)),
    by="user_id",
)
PAGES = Pages(Task)
INSERT = Statement(
    insert(Task)
    .values(
        title=bindparam("title"), description=bindparam("description"), user_id=bindparam("owner")
    )
    .returning(Task)
)
INSERT_ONCE = InsertOnce(Task, "title", "description", completed=False)
READ = Statement(select(Task).where(*OWNED_BY_CALLER))
DELETE = Statement(delete(Task).where(*OWNED_BY_CALLER).returning(col(Task.id)))
EXISTS = Statement(select(Task.id).where(col(Task.id) == bindparam("task_id")))


@cache
def update_of(columns: Collection[str]) -> Statement:
    """The statement that updates these columns of a task."""
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    values["updated_at"] = func.clock_timestamp()
    return Statement(update(Task).where(*OWNED_BY_CALLER).values(**values).returning(Task))


Title = Annotated[
    str, STORABLE_LINE, StringConstraints(max_length=255), Field(description="Stored trimmed.")
]
Description = Annotated[
    Annotated[str, StringConstraints(max_length=1000), STORABLE] | None,
    Field(description="Stored unchanged; null for none."),
]


class NewTask(Body):
    """A new task."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy milk"}]})

    title: Title
    description: Description = ABSENT


class TaskChange(Body):
    """The fields to change; others stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})

    title: Title = ABSENT
    description: Description = ABSENT
    completed: Annotated[bool, Field(description="Whether the task is done.")] = ABSENT


BUY_MILK: dict[str, JsonValue] = {
    "id": "d4c816f6-260e-475d-813e-7bff10b5c4fe",
    "title": "Buy milk",
    "description": None,
    "completed": False,
    "user_id": "d9c39d5c-7386-46a7-a7e4-0ebfa5a7df1c",
    "created_at": "2026-11-22T18:46:29.369679Z",
    "updated_at": "2026-11-22T18:46:29.369679Z",
}
BOUGHT = BUY_MILK | {"completed": True, "updated_at": "2026-11-22T19:05:11.048215Z"}


@with_config(ConfigDict(json_schema_extra={"examples": [BUY_MILK]}))
class TaskData(TypedDict):
    """A task."""

    id: Annotated[UUID, Field(description="Assigned by the service.")]
    title: Annotated[str, Field(description="1 to 255 characters, trimmed.")]
    description: Annotated[str | None, Field(description="Up to 1,000 characters, or null.")]
    completed: Annotated[bool, Field(description="Whether it is done; false for a new task.")]
    user_id: Annotated[UUID, Field(description="The owner.")]
    created_at: Annotated[datetime, Field(description="UTC, with microseconds.")]
    updated_at: Annotated[datetime, Field(description="UTC; changes with every update.")]


class OneTask(TypedDict):
    """One task."""

    task: Annotated[TaskData, Field(description="The task as it is now.")]


class TaskList(TypedDict):
    """The caller's tasks."""

    tasks: Annotated[list[TaskData], Field(description="Newest first.")]


class TaskNotFound(ApiError):
    """There is no such task."""

    status = 404
    sentence = "Task not found"


class AccessDenied(ApiError):
    """The task belongs to another user."""

    status = 403
    sentence = "Access denied"


TASK_ID = [uuid_in_path("id", "The task's `id`.")]
TITLE_REQUIRED = "Title is required"
TITLE_EMPTY = "Title cannot be empty"


@plugin.get(
    "",
    returns=TaskList,
    headers={"Link": NEXT_PAGE},
    parameters=PAGE_PARAMETERS,
    errors=[InvalidRequest(LIMIT_OUT_OF_RANGE), InvalidRequest(GIVEN_TWICE), TaskNotFound],
)
async def list_tasks(request: Request) -> Json | Response:
    """List the caller's tasks, newest first.

    All of them, or a page with `limit` and `after`. The `Link` header of a page has the URL of
    the next one.
    """
    database, owner = app_state(request).database, request.state.user_id
    page = Page.parse(request.scope["query_string"])
    if page is None:
        return {"tasks": await database.fetch_by_key(LIST, owner)}
    tasks = await PAGES.fetch(database, page, owner)
    if tasks is None:
        raise TaskNotFound
    headers = link(request.scope["path"], page, tasks)
    return json_response({"tasks": tasks[: page.limit]}, headers=headers)


@plugin.post(
    "",
    returns=OneTask,
    status=201,
    parameters=[IDEMPOTENCY_KEY],
    errors=[InvalidRequest(TITLE_REQUIRED), InvalidRequest(MALFORMED_KEY), KeyUsedBefore],
)
async def create_task(request: Request, task: NewTask) -> Json:
    """Create a task.

    A request with an `Idempotency-Key` can be repeated safely: one task is created.
    """
    database, owner = app_state(request).database, request.state.user_id
    values = {"title": task.title, "description": task.description, "owner": owner}
    write: Callable[[], Awaitable[Row | None]]
    if key := key_of(request.scope["headers"]):
        write = partial(INSERT_ONCE.run, database, key, values)
    else:
        write = partial(database.write_for, owner, INSERT, **values)
    return {"task": await with_user(request, write)}


@plugin.get("/{id}", returns=OneTask, parameters=TASK_ID, errors=[AccessDenied, TaskNotFound])
async def get_task(request: Request) -> Json:
    """Get one of the caller's tasks."""
    return {"task": await _run_on_own_task(request, READ)}


@plugin.put(
    "/{id}",
    returns=OneTask,
    example={"task": BOUGHT},
    parameters=TASK_ID,
    errors=[InvalidRequest(TITLE_EMPTY), AccessDenied, TaskNotFound],
)
async def update_task(request: Request, change: TaskChange) -> Json:
    """Update one of the caller's tasks.

    Only the fields in the body are changed.
    """
    sent = change.sent()
    return {"task": await _run_on_own_task(request, update_of(frozenset(sent)), **sent)}


@plugin.delete("/{id}", status=204, parameters=TASK_ID, errors=[AccessDenied, TaskNotFound])
async def delete_task(request: Request) -> None:
    """Delete one of the caller's tasks."""
    await _run_on_own_task(request, DELETE)


async def _run_on_own_task(request: Request, statement: Statement, **values: object) -> Row:
    """Run a statement on the caller's task with the id of the path.

    The statement itself compares the owner. Only where it finds no row, a second query decides
    between 403 and 404.
    """
    database, task_id = app_state(request).database, parse_uuid(request.path_params["id"])
    if task_id is None:
        raise TaskNotFound
    owner = request.state.user_id
    values |= {"task_id": task_id, "owner": owner}
    row: Row | None
    if statement.reads:
        row = await database.fetch_one(statement, **values)
    else:
        row = await database.write_in_turn(task_id, statement, **values)
    if row is None:
        raise AccessDenied if await database.fetch_one(EXISTS, task_id=task_id) else TaskNotFound
    return row
