"""The contenders of the side-by-side, and the figures of each."""

from dataclasses import dataclass
from statistics import median
from typing import Any, Self

SCENARIOS = READ, ADD, CHANGE = "get:32", "post:32", "put:32"
OURS, CEILING = "project", "const"
LABELS = {
    "project": "this service",
    "fastapi": "FastAPI + SQLModel",
    "node": "Fastify + pg",
    "node_tuned": "Fastify + pg, tuned",
    "raw": "Starlette + asyncpg, by hand",
    "const": "uvicorn, constant answer",
    "pocketbase": "PocketBase (Go, SQLite)",
}


@dataclass(frozen=True)
class Contender:
    """What one contender came to; a scenario with errors, or without a row, has no figures."""

    name: str
    rows: dict[str, list[dict[str, Any]]]
    server: dict[str, Any]

    @classmethod
    def all_of(cls, found: dict[str, list[dict[str, Any]]]) -> list[Self]:
        """The contenders in the order in which they ran."""
        return [
            cls(
                server["contender"],
                {
                    scenario: [
                        row
                        for row in found["rows"]
                        if (row["contender"], row["scenario"]) == (server["contender"], scenario)
                    ]
                    for scenario in SCENARIOS
                },
                server,
            )
            for server in found["servers"]
        ]

    @property
    def label(self) -> str:
        """Its name for people."""
        return LABELS.get(self.name, self.name)

    def figure(self, scenario: str, field: str) -> float | None:
        """The median of the rounds."""
        rows = self.rows[scenario]
        if not rows or any(row["errors"] for row in rows):
            return None
        figures: list[float] = [row[field] for row in rows]
        return median(figures)

    def cells(self) -> list[str]:
        """Its line of the table."""
        figures = [
            (self.figure(READ, "rps"), 0),
            (self.figure(READ, "p95"), 1),
            *((self.figure(READ, "app_us"), 0), (self.figure(ADD, "rps"), 0)),
            *((self.figure(ADD, "app_us"), 0), (self.figure(CHANGE, "rps"), 0)),
            (self.figure(CHANGE, "app_us"), 0),
            (self.server["loaded_mib"], 0),
            (self.server["startup_s"], 2),
        ]
        cells = ["–" if value is None else f"{value:,.{digits}f}" for value, digits in figures]
        return [self.label, *cells]
