"""What the service sends to PostgreSQL, with keys that pgbench can make up."""

import re

from core.database.statements import Statement
from core.idempotency import RETENTION, SWEEP_LIMIT
from loadtests.scaling.storage import STRIDE, TASKS, USERS
from plugins.tasks import ADD_ONCE

NUMBER = f"\\set n random(0, {TASKS - 1})\n\\set k random(0, 1000000000000000)\n"
ID = "md5('task ' || :n::bigint)::uuid"
OWNER = f"md5((:n::bigint * {STRIDE} % {USERS})::text)::uuid"
LOOK = "SELECT * FROM tasks WHERE"
TICK_OFF = "UPDATE tasks SET completed = true, updated_at = clock_timestamp() WHERE"
TITLE, DESCRIPTION = "'Something to do'", "'soon'"
ADDED = f"INSERT INTO tasks (title, description, user_id) VALUES ({TITLE}, {DESCRIPTION},"  # noqa: S608


def _in_full(statement: Statement, **expressions: str) -> str:
    """A statement with SQL in place of its parameters."""
    return re.sub(
        r"\$(\d+)", lambda found: expressions[statement.names[int(found[1]) - 1]], statement.sql
    )


ADD_ONCE_SQL = _in_full(
    ADD_ONCE.statement,
    owner=OWNER,
    key="md5((:k::bigint)::text)",
    fingerprint="sha256((:k::bigint)::text::bytea)",
    title=TITLE,
    description=DESCRIPTION,
    now_1=f"'{RETENTION.total_seconds():.0f} seconds'",
    param_1=f"{SWEEP_LIMIT}",
)
SCRIPTS = {
    "list": f"{LOOK} user_id = {OWNER} ORDER BY created_at DESC, id;",
    "read": f"{LOOK} id = {ID} AND user_id = {OWNER};",
    "add": f"{ADDED} {OWNER}) RETURNING *;",
    "keyed_add": f"{ADD_ONCE_SQL};",
    "change": f"{TICK_OFF} id = {ID} AND user_id = {OWNER} RETURNING *;",
}
