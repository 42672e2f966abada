"""A service with an embedded database, its dump, and psql to take that in elsewhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from embedded import Postgres
from tests.support.program import SCRIPT, Program, free_port
from tests.support.sql import Sql
from tests.support.users import new_email

DUMP = (sys.executable, str(SCRIPT), "dump")
PSQL = shutil.which("psql")
needs_psql = pytest.mark.skipif(PSQL is None, reason="no psql (apt install postgresql-client)")


def embedded_program(open_directory: Path) -> Iterator[Program]:
    """Name a service with an embedded database. To be made a fixture."""
    directory = open_directory / f"embedded {uuid4().hex[:8]}"
    directory.mkdir()
    program = Program(directory, {"PORT": str(free_port())}, "--embedded")
    yield program
    program.stop()


def its_database(embedded: Program) -> Iterator[Sql]:
    """Look at the database of the service, which runs and has one user. To be made a fixture."""
    if not embedded.running():
        embedded.start()
    with Sql(url_of(embedded)) as sql:
        sql.script('TRUNCATE users CASCADE; DROP TABLE IF EXISTS "Odd notes"')
        sql.value("INSERT INTO users (email, password_hash) VALUES ($1, '!')", new_email())
        yield sql


def url_of(embedded: Program) -> str:
    return Postgres(embedded.directory / "data").join()


def dump(
    directory: Path, *arguments: str, status: int = 0, **settings: str
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*DUMP, *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"]} | settings,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr.decode()
    return done


def psql(url: str, script: bytes) -> int:
    """Have a script taken in; the exit status: 3 where a command of it fails."""
    assert PSQL
    command = [PSQL, "--no-psqlrc", "--quiet", url]
    return subprocess.run(command, input=script, capture_output=True, check=False).returncode


def everything(sql: Sql) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    tables = sql.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    names = sorted(row["tablename"] for row in tables)
    return {name: sql.rows(f'SELECT t.* FROM "{name}" AS t ORDER BY t::text') for name in names}  # noqa: S608
