"""Synchronous SQL, to prepare and to inspect a database."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg


class Sql:
    """A connection to a database."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        try:
            self.connection = self.loop.run_until_complete(asyncpg.connect(url))
        except BaseException:
            self.loop.close()
            raise

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        fetched = self.loop.run_until_complete(self.connection.fetch(statement, *values))
        return [dict(row) for row in fetched]

    def value(self, statement: str, *values: object) -> Any:
        return self.loop.run_until_complete(self.connection.fetchval(statement, *values))

    def many(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        self.loop.run_until_complete(self.connection.executemany(statement, values))

    def script(self, text: str) -> None:
        self.loop.run_until_complete(self.connection.execute(text))

    @contextmanager
    def locked(self, tables: str) -> Iterator[None]:
        """Lock the tables so that no other connection can read them."""
        self.value("BEGIN")
        self.value(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            self.value("ROLLBACK")

    def close(self) -> None:
        self.connection.terminate()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def __enter__(self) -> "Sql":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def new_database(server_url: str) -> str:
    """Create an empty database; return its URL."""
    name = f"t{uuid4().hex[:12]}"
    with Sql(server_url) as server:
        server.value(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
