"""Pages of a long list by `?limit=` and `?after=` (keyset pagination)."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Integer, bindparam, or_, select

from core.accounts.tokens import parse_uuid
from core.database.database import Database, Row
from core.database.statements import Statement
from core.errors import InvalidRequest

MAX_LIMIT = 1000
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"  # as in every response
LIMIT_OUT_OF_RANGE = f"Limit must be a whole number from 1 to {MAX_LIMIT}"
GIVEN_TWICE = "Limit and after can be given only once"
PAGE_PARAMETERS = (
    {
        "name": "limit",
        "in": "query",
        "description": "At most this many tasks; all of them by default.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
    },
    {
        "name": "after",
        "in": "query",
        "description": "Start after this task, by its id: the last one of the previous page. "
        "The `Link` header adds its `created_at`, so that it may be deleted meanwhile.",
        "schema": {"type": "string"},
    },
)
NEXT_PAGE = {
    "description": "The URL of the next page, where the list goes on (RFC 8288).",
    "schema": {"type": "string"},
    "example": "</api/tasks?limit=100&after=2026-11-22T18:46:29.369679Z,"
    'd4c816f6-260e-475d-813e-7bff10b5c4fe>; rel="next"',
}


def newest_first(table: Any) -> tuple[Any, Any]:
    """The order of a list and its pages: `created_at` descending, then `id`."""
    return table.created_at.desc(), table.id


class Page(NamedTuple):
    """The part of a list that is requested; None for no bound."""

    limit: int | None
    after: str | None

    @classmethod
    def parse(cls, query_string: bytes) -> "Page | None":
        """The page in a query string, or None for the whole list. Raises InvalidRequest."""
        if not query_string:
            return None
        query = parse_qs(query_string.decode("latin-1"), keep_blank_values=True)
        limits, places = query.get("limit", []), query.get("after", [])
        if not limits and not places:
            return None
        if len(limits) > 1 or len(places) > 1:
            raise InvalidRequest(GIVEN_TWICE)
        return cls(_limit(limits[0]) if limits else None, places[0] if places else None)


class Pages:
    """The statements that read a user's list in pages."""

    def __init__(self, table: Any) -> None:
        """`table` has the columns `id`, `user_id` and `created_at`."""
        mine = table.user_id == bindparam("owner")
        limit = bindparam("limit", type_=Integer())
        rows = select(table).where(mine).order_by(*newest_first(table)).limit(limit)
        place = select(table.created_at).where(table.id == bindparam("after"), mine)
        before = bindparam("created_at", type_=table.__table__.c.created_at.type)
        behind = or_(table.created_at < before, table.id > bindparam("after"))
        self.first = Statement(rows)
        self.place = Statement(place)
        self.next = Statement(rows.where(table.created_at <= before, behind))

    async def fetch(self, database: Database, page: Page, owner: UUID) -> list[Row] | None:
        """The rows of a page, and one more where the list goes on; None for an unknown `after`."""
        values: dict[str, Any] = {"owner": owner, "limit": page.limit and page.limit + 1}
        if page.after is None:
            return await database.fetch(self.first, **values)
        place = await self._place(database, page.after, owner)
        return await database.fetch(self.next, **values, **place) if place else None

    async def _place(self, database: Database, after: str, owner: UUID) -> Row | None:
        """The time and id that a page begins after; a lone id is looked up."""
        time, comma, text = after.rpartition(",")
        row_id, created_at = parse_uuid(text), _parse_time(time)
        if row_id is None or (comma and created_at is None):
            return None
        if created_at:
            return {"after": row_id, "created_at": created_at}
        found = await database.fetch_one(self.place, owner=owner, after=row_id)
        return found and {"after": row_id, **found}


def link(path: str, page: Page, rows: list[Row]) -> dict[str, str]:
    """The `Link` header (RFC 8288) to the next page, where there is one."""
    if page.limit is None or len(rows) <= page.limit:
        return {}
    last = rows[page.limit - 1]
    time = last["created_at"].strftime(TIME_FORMAT)
    return {"Link": f'<{path}?limit={page.limit}&after={time},{last["id"]}>; rel="next"'}


def _parse_time(text: str) -> datetime | None:
    """A time as in responses, or None."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT):
        raise InvalidRequest(LIMIT_OUT_OF_RANGE)
    return int(text)
