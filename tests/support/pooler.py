"""A real PgBouncer in transaction mode before PostgreSQL, old or new."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import pytest

from embedded.account import account_for
from tests.support.program import eventually, free_port

KINDS = ("old", "new")  # prepared statements are lost between transactions, or are kept
KEEPS_STATEMENTS = (1, 21)  # the first version with max_prepared_statements
# .ci/pgbouncer installs a newer one there.
CACHE = Path(os.environ.get("TESTS_CACHE", "/var/cache/todo-tests"))
FOLDERS = (f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin", CACHE / "pgbouncer-new")
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={upstream} user=todo
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
"""
KEEP = "max_prepared_statements = 200\n"


class Pooler:
    """A PgBouncer that runs inside a `with` block.

    Every database of the server can be reached through it, with `servers` connections each.
    """

    def __init__(self, kind: str, upstream: int, servers: int = 10, settings: str = "") -> None:
        """`upstream` is PostgreSQL's port. Fails the test where there is no such PgBouncer."""
        self.kind = kind
        self.program = find(kind)
        self.upstream = upstream
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.directory = Path(tempfile.mkdtemp(prefix="todo-pooler-"))
        self.directory.chmod(0o755)  # PgBouncer refuses to run as root
        self.file, self.log = self.directory / "pgbouncer.ini", self.directory / "log"
        self.file.write_text(
            CONFIGURATION.format(upstream=upstream, port=self.port, servers=servers)
            + (KEEP if kind == "new" else "")
            + settings
        )

    def url(self, direct: str) -> str:
        """The URL of a database through this pooler, from its direct one."""
        return direct.replace(f":{self.upstream}/", f":{self.port}/")

    def start(self) -> Self:
        """Start it and wait until it listens."""
        account = account_for(None)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [self.program, self.file],
                stderr=log,
                user=account.uid,
                group=account.gid,
                extra_groups=account.groups,
            )
        if not eventually(lambda: "process up" in self.log.read_text()):
            raise AssertionError(f"PgBouncer did not start:\n{self.log.read_text()}")
        return self

    def kill(self) -> None:
        """Kill it, so that every connection breaks."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.directory)


def find(kind: str) -> str:
    """The path of a PgBouncer of this kind. Fails the test where there is none."""
    for folder in FOLDERS:
        program = shutil.which("pgbouncer", path=folder)
        if program and (version(program) >= KEEPS_STATEMENTS) is (kind == "new"):
            return program
    wanted = "1.21 or later (.ci/pgbouncer)" if kind == "new" else "before 1.21"
    pytest.fail(f"PgBouncer {wanted} is not installed")


def version(program: str) -> tuple[int, ...]:
    output = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"PgBouncer (\d+)\.(\d+)", output)
    assert found, output
    return int(found[1]), int(found[2])
