"""Pages of a long list: `?limit=` and `?after=`, by position and not by number."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, or_

from core.database import Database, Row
from core.errors import InvalidRequest
from core.statements import Statement
from core.tokens import parse_uuid

MOST = 1000
PLACE = ("created_at", "id")
PAGE = (
    {
        "name": "limit",
        "in": "query",
        "description": "How many at most; without it all.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
    },
    {
        "name": "after",
        "in": "query",
        "description": "Go on behind this one: its `created_at` and `id`, joined by a comma, as "
        "the `Link` header has it.",
        "schema": {"type": "string"},
    },
)


class Position(NamedTuple):
    """Where a row stands in a list that is ordered by time, newest first, and then by id."""

    created_at: datetime
    id: UUID


class Page(NamedTuple):
    """The part of a list that a client asks for; None stands for no bound."""

    limit: int | None
    after: Position | None

    @classmethod
    def of(cls, query_string: bytes) -> "Page | None":
        """The page that a query string asks for, or None for all; raises InvalidRequest."""
        if not query_string:
            return None
        query = parse_qs(query_string.decode("latin-1"), keep_blank_values=True)
        limits, positions = query.get("limit", []), query.get("after", [])
        if not limits and not positions:
            return None
        if len(limits) > 1 or len(positions) > 1:
            raise InvalidRequest("Limit and after can be given only once")
        return cls(_limit(limits[0]) if limits else None, _position(*positions))


class Pages:
    """A list that can be read in parts."""

    def __init__(self, rows: Select[Any], table: Any) -> None:
        """`rows` selects the whole list, unordered; `table` has `created_at` and `id`."""
        first = rows.order_by(table.created_at.desc(), table.id)
        first = first.limit(bindparam("limit", type_=Integer()))
        after = {name: bindparam(name, type_=table.__table__.c[name].type) for name in PLACE}
        behind = or_(table.created_at < after["created_at"], table.id > after["id"])
        self.first = Statement(first)
        self.next = Statement(first.where(table.created_at <= after["created_at"], behind))

    async def fetch(
        self, database: Database, page: Page, path: str, **values: Any
    ) -> tuple[list[Row], dict[str, str]]:
        """The rows of a page, and the `Link` header (RFC 8288) to the next where there is one."""
        values["limit"] = page.limit and page.limit + 1
        if page.after:
            rows = await database.fetch(self.next, **values, **page.after._asdict())
        else:
            rows = await database.fetch(self.first, **values)
        if not page.limit or len(rows) <= page.limit:
            return rows, {}
        del rows[page.limit :]
        moment = rows[-1]["created_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        after = f"{moment},{rows[-1]['id']}"
        return rows, {"Link": f'<{path}?limit={page.limit}&after={after}>; rel="next"'}


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise InvalidRequest(f"Limit must be a whole number from 1 to {MOST}")
    return int(text)


def _position(text: str | None = None) -> Position | None:
    if text is None:
        return None
    moment, _, row_id = text.partition(",")
    try:
        created_at, found = datetime.fromisoformat(moment), parse_uuid(row_id)
    except ValueError:
        found = None
    if found is None or created_at.tzinfo is None:
        raise InvalidRequest("After must be the created_at and id of a task, joined by a comma")
    return Position(created_at, found)
