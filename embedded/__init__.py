"""An embedded PostgreSQL: a server that starts and ends with this process.

Nothing here relies on an orderly end: the kernel releases the locks (directory.py) and signals the
server when its parent ends (programs.py), and what is not complete has another name (cluster.py).
"""

from embedded.binaries import find_binaries
from embedded.errors import InUse, PostgresError
from embedded.server import Postgres

__all__ = ["InUse", "Postgres", "PostgresError", "find_binaries"]
