"""An embedded PostgreSQL: a server of our own, which lives and ends with this process.

Each file imports only from those below it:

    server.py       Postgres: its settings, its start and end, its URL
    cluster.py      PostgreSQL's own folder, made at the first start
    programs.py     how PostgreSQL's programs run: as whom, where, and no longer than us
    binaries.py     where they are, and which of them fit the data
    cache.py        a copy of them for root's stand-in, which cannot look into root's folders
    versions.py     the version that programs are, and that data are for
    account.py      who runs them: ourselves, or the stand-in for root
    directory.py    the data directory: what is in it, and how it is locked
    errors.py       PostgresError, InUse

Nothing here relies on an orderly end: the kernel releases the locks (directory.py) and tells the
server that its owner is gone (programs.py), and what is not finished yet has another name
(cluster.py, cache.py).
"""

from embedded.binaries import find_binaries
from embedded.errors import InUse, PostgresError
from embedded.server import Postgres

__all__ = ["InUse", "Postgres", "PostgresError", "find_binaries"]
