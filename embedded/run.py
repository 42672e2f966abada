"""The service with an embedded PostgreSQL: its settings, its start, the dump of its data."""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from core import plugin
from core.setting_types import Origins
from core.settings import Settings, exit_with
from embedded import InUse, Postgres, PostgresError
from embedded.dump import write_dump
from embedded.versions import version_of_data

DEVELOPMENT_ORIGINS = ("http://localhost:3000", "http://localhost:5173")
UNUSED_URL = "postgresql://unused"


class EmbeddedSettings(Settings):
    """Settings with defaults for what the embedded database does not need."""

    better_auth_secret: str = Field("", repr=False)
    frontend_url: Origins = DEVELOPMENT_ORIGINS

    @classmethod
    def load_and_check(cls) -> "EmbeddedSettings":
        """Exit with 2 where settings are wrong, before anything is written to disk."""
        settings = cls.load_or_exit({"DATABASE_URL": UNUSED_URL})
        plugin.load_or_exit(settings.plugins)
        return settings


@contextmanager
def embedded_database(directory: Path) -> Iterator[None]:
    """Run a PostgreSQL on the data in a directory, and set the environment of the service."""
    settings = EmbeddedSettings.load_and_check()
    postgres = Postgres(directory)
    try:
        try:
            os.environ["DATABASE_URL"] = postgres.start()
            secret = settings.better_auth_secret or _secret(directory / "secret")
        except (PostgresError, OSError) as error:
            exit_with(1, str(error))
        os.environ["BETTER_AUTH_SECRET"] = secret
        os.environ["FRONTEND_URL"] = ",".join(settings.frontend_url)
        yield
    finally:
        postgres.stop()


def _secret(path: Path) -> str:
    """The secret in this file, which the first start creates, readable by its owner only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def dump(directory: Path) -> None:
    """Write the data in a directory to stdout as SQL, while a service runs on it or not."""
    EmbeddedSettings.load_and_check()  # the plugins know their tables
    try:
        if not version_of_data(directory):
            exit_with(2, f"{directory} holds no embedded database")
        with _server(directory) as url:
            asyncio.run(write_dump(url, sys.stdout.buffer))
    except PostgresError as error:
        exit_with(1, str(error))
    except BrokenPipeError:
        _discard_stdout()
        exit_with(1, "the dump was not read to its end")
    except OSError as error:
        _discard_stdout()
        exit_with(1, f"cannot dump {directory}: {error.strerror}")


def _discard_stdout() -> None:
    """Let the flush at the exit succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _server(directory: Path) -> Iterator[str]:
    """The URL of the running server on the data, or of one that is started for this."""
    postgres = Postgres(directory)
    try:
        try:
            yield postgres.start()
        except InUse:
            yield postgres.join()
    finally:
        postgres.stop()
