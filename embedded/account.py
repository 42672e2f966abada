"""The account that runs PostgreSQL, which refuses to run as root."""

import contextlib
import os
import pwd
from pathlib import Path
from typing import NamedTuple

from embedded.directory import CLUSTER
from embedded.errors import PostgresError


class Account(NamedTuple):
    """User and groups, as `subprocess.Popen` takes them; None for those of this process."""

    uid: int | None = None
    gid: int | None = None
    groups: list[int] | None = None


CURRENT = Account()


def account_for(directory: Path | None) -> Account:
    """The current account; for root the owner of the data, or else `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return CURRENT
    cluster = directory / CLUSTER if directory else None
    if cluster and cluster.exists() and (found := cluster.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid, [])
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, [])
    raise PostgresError(
        "PostgreSQL refuses to run as root, and there is no account postgres or nobody "
        "to run it: start the service as an ordinary user"
    )
