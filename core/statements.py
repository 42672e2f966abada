"""SQLModel statements, compiled once, when the module that declares them is imported."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.base import Executable

DIALECT = dialect()  # type: ignore[no-untyped-call]


class Statement:
    """One statement as PostgreSQL gets it: its text, and the order of its parameters."""

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
