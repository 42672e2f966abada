"""Idempotency-Key: a create that a client repeats is done once.

See the IETF's draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, String, Uuid, bindparam, delete, func, select, tuple_
from sqlalchemy import insert as insert_from
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core.database.database import Database, Row
from core.database.statements import Statement
from core.database.tables import IdempotencyKey
from core.errors import InvalidRequest
from core.responses import to_json

RETENTION = timedelta(hours=24)
SWEEP_LIMIT = 2  # expired keys that each new one deletes, so that the table stays small
HEADER = b"idempotency-key"
MALFORMED_KEY = "Idempotency-Key must be 1 to 255 visible ASCII characters"
VALUE = '"?([!#-~]{1,255})"?'
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A value of your choice, a UUID for instance. The same request with the same "
    "key is done once and gets the same answer for 24 hours.",
    "schema": {"type": "string", "pattern": f"^{VALUE}$"},
}

OWNER, KEY = bindparam("owner", type_=Uuid()), bindparam("key", type_=String())
BY_OWNER_AND_KEY = (col(IdempotencyKey.user_id) == OWNER, col(IdempotencyKey.key) == KEY)
EXPIRED = col(IdempotencyKey.created_at) < func.now() - RETENTION
EARLIER = Statement(select(IdempotencyKey).where(*BY_OWNER_AND_KEY))


class KeyUsedBefore(InvalidRequest):
    """The key belongs to a different request."""

    sentence = "This Idempotency-Key was used for another request"


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key in the headers, or None. Raises InvalidRequest."""
    given = [value for name, value in headers if name == HEADER]
    if not given:
        return None
    found = re.fullmatch(VALUE.encode(), given[0])
    if len(given) > 1 or not found:
        raise InvalidRequest(MALFORMED_KEY)
    return found[1].decode()


class InsertOnce:
    """Inserts a row and its key in one statement."""

    def __init__(self, table: Any, *columns: str, **defaults: Any) -> None:
        """`columns` come from the request; `defaults` are a new row's values in the others."""
        self.columns = [column.name for column in table.__table__.c]
        self.defaults = defaults
        claimed = _claim()
        names = ["id", "user_id", "created_at", "updated_at", *columns]
        made = (claimed.c.row_id, OWNER, claimed.c.created_at, claimed.c.created_at)
        sent = (bindparam(name, type_=table.__table__.c[name].type) for name in columns)
        self.statement = Statement(
            insert_from(table)
            .from_select(names, select(*made, *sent).add_cte(_sweep()), include_defaults=False)
            .returning(table)
        )

    async def run(self, database: Database, key: str, values: dict[str, Any]) -> Row:
        """Insert and return a row; for a known key, return the row as it was inserted.

        Raises KeyUsedBefore.
        """
        fingerprint = hashlib.sha256(to_json(values)).digest()
        owner, more = values["owner"], {"key": key, "fingerprint": fingerprint}
        if row := await database.write_for(owner, self.statement, **values, **more):
            return row
        earlier = await database.fetch_one(EARLIER, owner=owner, key=key)
        if not earlier or earlier["fingerprint"] != fingerprint:
            raise KeyUsedBefore
        return self._as_inserted(earlier, values)

    def _as_inserted(self, earlier: Row, values: dict[str, Any]) -> Row:
        made = {"user_id": values["owner"], "id": earlier["row_id"]}
        made |= dict.fromkeys(("created_at", "updated_at"), earlier["created_at"])
        row = values | self.defaults | made
        return {name: row[name] for name in self.columns}


def _claim() -> CTE:
    """Insert the key; nothing where it is there and has not expired."""
    new = insert(IdempotencyKey).values(
        user_id=OWNER, key=KEY, fingerprint=bindparam("fingerprint")
    )
    return (
        new.on_conflict_do_update(
            index_elements=["user_id", "key"],
            set_={
                "fingerprint": new.excluded.fingerprint,
                "row_id": new.excluded.row_id,
                "created_at": new.excluded.created_at,
            },
            where=EXPIRED,
        )
        .returning(col(IdempotencyKey.row_id), col(IdempotencyKey.created_at))
        .cte("claimed")
    )


def _sweep() -> CTE:
    """Delete some expired keys, not the claimed one: a statement may change a row only once."""
    key = tuple_(col(IdempotencyKey.user_id), col(IdempotencyKey.key))
    some = (
        select(col(IdempotencyKey.user_id), col(IdempotencyKey.key))
        .where(EXPIRED, key != tuple_(OWNER, KEY))
        .order_by(col(IdempotencyKey.created_at))
        .limit(SWEEP_LIMIT)
        .with_for_update(skip_locked=True)
    )
    return (
        delete(IdempotencyKey)
        .where(key.in_(some))
        .returning(col(IdempotencyKey.row_id))
        .cte("swept")
    )
