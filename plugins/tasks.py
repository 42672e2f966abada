"""Tasks: one user's to-do list."""

from collections.abc import Collection
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
from core.endpoint import json_response
from core.errors import ApiError
from core.idempotency import HEADER, IDEMPOTENCY_KEY, AddOnce, KeyUsedBefore, key_of
from core.openapi.refusals import refusals
from core.operation import Answer, uuid_in_path
from core.pagination import NEXT_PAGE, PAGE, Page, Pages, link, newest_first
from core.plugin import Plugin

plugin = Plugin("tasks", prefix="/api/tasks", description="One user's to-do list.")

OWN = (col(Task.id) == bindparam("task_id"), col(Task.user_id) == bindparam("owner"))

LIST = StatementByKey(
    lambda owner: select(Task).where(col(Task.user_id) == owner).order_by(*newest_first(Task)),
    by="user_id",
)
PAGES = Pages(Task)
ADD = Statement(
    insert(Task)
    .values(
        title=bindparam("title"), description=bindparam("description"), user_id=bindparam("owner")
    )
    .returning(Task)
)
ADD_ONCE = AddOnce(Task, "title", "description", completed=False)
READ = Statement(select(Task).where(*OWN))
REMOVE = Statement(delete(Task).where(*OWN).returning(col(Task.id)))
EXISTS = Statement(select(Task.id).where(col(Task.id) == bindparam("task_id")))


@cache
def change_of(columns: Collection[str]) -> Statement:
    """The statement that changes these columns of a task."""
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    values["updated_at"] = func.clock_timestamp()
    return Statement(update(Task).where(*OWN).values(**values).returning(Task))


Title = Annotated[
    str, STORABLE_LINE, StringConstraints(max_length=255), Field(description="Kept trimmed.")
]
Description = Annotated[
    Annotated[str, StringConstraints(max_length=1000), STORABLE] | None,
    Field(description="Kept to the letter; null is none."),
]


class NewTask(Body):
    """A task to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Buy milk"}]})

    title: Title
    description: Description = ABSENT


class TaskChange(Body):
    """What to change; what is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})

    title: Title = ABSENT
    description: Description = ABSENT
    completed: Annotated[bool, Field(description="Whether it is done.")] = ABSENT


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
    """A task, as its owner gets it."""

    id: Annotated[UUID, Field(description="Given by the service; never changes.")]
    title: Annotated[str, Field(description="1 to 255 characters, trimmed.")]
    description: Annotated[str | None, Field(description="Up to 1,000 characters, or null.")]
    completed: Annotated[bool, Field(description="Whether it is done; false at first.")]
    user_id: Annotated[UUID, Field(description="The owner: the user of the token.")]
    created_at: Annotated[datetime, Field(description="UTC, with microseconds.")]
    updated_at: Annotated[datetime, Field(description="UTC; moves with every change.")]


class OneTask(TypedDict):
    """One task."""

    task: Annotated[TaskData, Field(description="The whole of it, as it is now.")]


class TaskList(TypedDict):
    """Tasks of the caller."""

    tasks: Annotated[list[TaskData], Field(description="Newest first.")]


class TaskNotFound(ApiError):
    """No such task."""

    status = 404
    sentence = "Task not found"


class AccessDenied(ApiError):
    """The task is somebody else's."""

    status = 403
    sentence = "Access denied"


OF_ONE: dict[str, Any] = {
    "parameters": [uuid_in_path("id", "The task's `id`.")],
    "errors": [AccessDenied, TaskNotFound],
}


@plugin.get(
    "",
    returns=TaskList,
    headers={"Link": NEXT_PAGE},
    parameters=PAGE,
    errors=[*refusals(Page.parse, b"limit=0", b"limit=1&limit=2"), TaskNotFound],
)
async def list_tasks(request: Request) -> Answer | Response:
    """List the caller's tasks, newest first.

    All of them, or with `limit` or `after` a page. A page that is not the last names the next
    in its `Link` header.
    """
    database, owner = request.app.state.database, request.state.user_id
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
    errors=[*refusals(key_of, [(HEADER, b"two words")]), KeyUsedBefore],
)
async def create_task(request: Request, task: NewTask) -> Answer:
    """Add a task.

    With an `Idempotency-Key` the request can be repeated when no answer came: there is one task.
    """
    database, owner = request.app.state.database, request.state.user_id
    values = {"title": task.title, "description": task.description, "owner": owner}
    if key := key_of(request.scope["headers"]):
        write = partial(ADD_ONCE.run, database, key, values)
    else:
        write = partial(database.write_for, owner, ADD, **values)
    return {"task": await with_user(request, write)}


@plugin.get("/{id}", returns=OneTask, **OF_ONE)
async def get_task(request: Request) -> Answer:
    """Get one of the caller's tasks."""
    return {"task": await _own(request, READ)}


@plugin.put("/{id}", returns=OneTask, example={"task": BOUGHT}, **OF_ONE)
async def update_task(request: Request, change: TaskChange) -> Answer:
    """Change one of the caller's tasks.

    What is sent is changed, the rest stays as it is.
    """
    sent = change.sent()
    return {"task": await _own(request, change_of(frozenset(sent)), **sent)}


@plugin.delete("/{id}", status=204, **OF_ONE)
async def delete_task(request: Request) -> None:
    """Delete one of the caller's tasks, for good."""
    await _own(request, REMOVE)


async def _own(request: Request, statement: Statement, **values: object) -> Row:
    """Run a statement on the caller's task of this id.

    The statement itself looks at the owner; only where it touches no row does a second look
    tell somebody else's task from none.
    """
    database, task_id = request.app.state.database, parse_uuid(request.path_params["id"])
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
