"""A service with a PostgreSQL of its own, which can be stopped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from embedded import Postgres
from tests.support.program import Program


@dataclass(frozen=True)
class Backend:
    """What a page calls."""

    program: Program
    server: Postgres
    database_url: str

    @property
    def url(self) -> str:
        return self.program.url

    @contextmanager
    def without_database(self) -> Iterator[None]:
        self.server.stop()
        try:
            yield
        finally:
            self.server.start()
