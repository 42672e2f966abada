"""SQLModel statements, compiled once, at import."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, bindparam, func, select, true
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.base import Executable

DIALECT = dialect()  # type: ignore[no-untyped-call]


class Statement:
    """A compiled statement: its text, and the order of its parameters."""

    def __init__(self, expression: Executable) -> None:
        compiled = expression.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self.reads = isinstance(expression, Select)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.literals: dict[str, Any] = {
            name: value for name, value in compiled.params.items() if value is not None
        }

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """The values in the order of the parameters.

        Raises KeyError where a parameter has no value.
        """
        if self.literals:
            values = self.literals | values
        return [values[name] for name in self.names]


class StatementByKey:
    """A SELECT of the rows of one key, which can also be run for several keys at once."""

    def __init__(self, rows_of: Callable[[ColumnElement[Any]], Select[Any]], by: str) -> None:
        """`rows_of` returns the SELECT for a key; `by` is the name of the key's column."""
        self.by = by
        self.one = Statement(rows_of(bindparam("key", type_=Uuid())))
        keys = (
            func.unnest(bindparam("keys", type_=ARRAY(Uuid())))
            .table_valued("key", name="keys")
            .render_derived()
        )
        rows = rows_of(keys.c.key).correlate(keys).lateral("rows")
        self.many = Statement(select(rows).select_from(keys.join(rows, true())))
