"""The versions of PostgreSQL's programs, and of the data in a directory."""

import re
import subprocess
from pathlib import Path

from embedded.account import CURRENT, Account
from embedded.directory import CLUSTER, first_line

PROGRAMS = ("postgres", "initdb")


def version(folder: Path, account: Account = CURRENT) -> str | None:
    """The version of the programs in `folder`, such as 18.4; None if `account` cannot run them."""
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
    """The major version, 18 for 18.4: it determines the format of the data."""
    return number.partition(".")[0]


def version_of_data(directory: Path | None) -> str | None:
    """The major version of the data in `directory`; None where there are none."""
    return (first_line(directory / CLUSTER / "PG_VERSION") or None) if directory else None
