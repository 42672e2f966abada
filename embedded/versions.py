"""Versions: which one PostgreSQL's programs are, and which one a directory's data are for."""

import re
import subprocess
from pathlib import Path

from embedded.account import OURSELVES, Account
from embedded.directory import CLUSTER, first_line

PROGRAMS = ("postgres", "initdb")


def version(folder: Path, account: Account = OURSELVES) -> str | None:
    """Ask the programs in `folder` for their version, such as 18.4; None if they do not run."""
    versions = {_version(folder / program, account) for program in PROGRAMS}
    return versions.pop() if len(versions) == 1 else None


def _version(program: Path, account: Account) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603
            [program, "--version"],
            capture_output=True,
            check=False,
            text=True,
            env={},
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d\S*)", answer.stdout)
    return found[1] if found else None


def major(number: str) -> str:
    """Shorten 18.4 to 18: servers of one major version share the format of their data."""
    return number.partition(".")[0]


def version_of_data(directory: Path | None) -> str | None:
    """Read the major version that the data in `directory` need; None where there are none."""
    return (first_line(directory / CLUSTER / "PG_VERSION") or None) if directory else None
