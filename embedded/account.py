"""The account that runs PostgreSQL's programs: our own, or a stand-in for root.

PostgreSQL refuses to run as root, so for root another account runs it.
"""

import contextlib
import os
import pwd
from pathlib import Path
from typing import NamedTuple

from embedded.directory import CLUSTER
from embedded.errors import PostgresError


class Account(NamedTuple):
    """Who runs a program, as `subprocess.Popen` takes it."""

    uid: int | None = None
    gid: int | None = None
    groups: list[int] | None = None


OURSELVES = Account()


def account_for(directory: Path | None) -> Account:
    """Choose who runs the server: ourselves; for root the owner of the data, or a stand-in."""
    if os.geteuid() != 0:
        return OURSELVES
    cluster = directory / CLUSTER if directory else None
    if cluster and cluster.exists() and (found := cluster.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid, [])
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            stand_in = pwd.getpwnam(name)
            return Account(stand_in.pw_uid, stand_in.pw_gid, [])
    raise PostgresError(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody "
        "to run it: start the service as an ordinary user"
    )
