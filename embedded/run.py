"""The embedded database: a PostgreSQL of our own, served from or dumped."""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import plugin
from core.settings import Settings, SettingsError, environment, exit_with
from embedded import InUse, Postgres, PostgresError
from embedded.dump import export
from embedded.versions import version_of_data

DEVELOPMENT_ORIGINS = "http://localhost:3000,http://localhost:5173"
PLACEHOLDERS = {
    "DATABASE_URL": "postgresql://unused",
    "BETTER_AUTH_SECRET": "unused",
    "FRONTEND_URL": "http://unused",
}


def check_settings() -> None:
    """Exit with 2 where the environment is wrong, before there is anything on the disk."""
    Settings.load_or_exit(_environment())


def _environment() -> dict[str, str]:
    """What is set, and something in place of what an embedded database brings along."""
    try:
        given = {name: value for name, value in environment().items() if value.strip()}
    except SettingsError as error:
        exit_with(2, *error.faults)
    return PLACEHOLDERS | given | {"DATABASE_URL": PLACEHOLDERS["DATABASE_URL"]}


@contextmanager
def embedded(directory: Path) -> Iterator[None]:
    """Run a PostgreSQL on the data in a directory, and set what a service needs and has not."""
    try:
        postgres = Postgres(directory)
        url = postgres.start()
        secret = _secret(directory / "secret")
    except (PostgresError, OSError) as error:
        exit_with(1, str(error))
    try:
        os.environ["DATABASE_URL"] = url
        defaults = {"BETTER_AUTH_SECRET": secret, "FRONTEND_URL": DEVELOPMENT_ORIGINS}
        given = environment()
        for name, value in defaults.items():
            if not given.get(name, "").strip():
                os.environ[name] = value
        yield
    finally:
        postgres.stop()


def _secret(path: Path) -> str:
    """The secret kept beside the data; made at the first start, readable by its owner only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def dump(directory: Path) -> None:
    """Write the data in a directory to stdout as SQL, whether or not a service runs on them."""
    plugin.load(Settings.load_or_exit(_environment()).plugins)  # which know of their tables
    try:
        if not version_of_data(directory):
            exit_with(2, f"{directory} holds no embedded database")
        with _server(directory) as url:
            asyncio.run(export(url, sys.stdout.buffer))
    except PostgresError as error:
        exit_with(1, str(error))
    except BrokenPipeError:
        _forget_the_rest()
        exit_with(1, "the dump was not read to its end")
    except OSError as error:
        _forget_the_rest()
        exit_with(1, f"cannot dump {directory}: {error.strerror}")


def _forget_the_rest() -> None:
    """Let the flush at the exit succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _server(directory: Path) -> Iterator[str]:
    """The URL of the server that runs on the data, or of one for as long as this lasts."""
    postgres = Postgres(directory)
    try:
        try:
            yield postgres.start()
        except InUse:
            yield postgres.join()
    finally:
        postgres.stop()
