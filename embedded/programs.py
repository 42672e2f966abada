"""Running PostgreSQL's programs.

They run with an environment of their own, and the kernel signals them when this process ends.
Where another account runs them, it may be unable to search the path of the data: a program gets
the folder as an open file descriptor.
"""

import os
import signal
import subprocess
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from core.parent import parent_exit_hook
from embedded.account import Account, account_for
from embedded.binaries import find_binaries
from embedded.directory import first_line
from embedded.errors import PostgresError


@dataclass(frozen=True)
class Programs:
    """The programs, the account that runs them, and their log."""

    folder: Path
    account: Account
    log: FileIO
    log_start: int
    """The size of the log before this process wrote to it."""

    @classmethod
    def choose(cls, directory: Path, folder: Path | None, log: FileIO) -> Self:
        """Use the programs in `folder`, or those of the version of the data in `directory`."""
        folder = folder or find_binaries(directory)
        return cls(folder, account_for(directory), log, log.seek(0, os.SEEK_END))

    def chown(self, folder: Path) -> None:
        """Make the account the owner of a folder."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(folder, self.account.uid, self.account.gid)

    def run(self, program: str, *options: str, data: Path, statement: str = "") -> None:
        """Run a program and wait for it. Raises PostgresError where it fails."""
        with self.spawn(program, *options, data=data, stdin=subprocess.PIPE) as process:
            process.communicate(statement.encode())
        if process.returncode != 0:
            raise PostgresError(f"{program} failed on {data}:\n{self.log_tail()}")

    def spawn(
        self, program: str, *options: str, data: Path, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a program on the cluster in `data`; it gets SIGINT at the end of this one."""
        descriptor = os.open(data, os.O_RDONLY)
        try:
            return subprocess.Popen(  # noqa: S603
                [self.folder / program, *options],
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=self.log,
                cwd="/",
                env=_environment(data, descriptor),
                pass_fds=[descriptor],
                user=self.account.uid,
                group=self.account.gid,
                extra_groups=self.account.groups,
                start_new_session=True,
                preexec_fn=parent_exit_hook(os.getpid(), signal.SIGINT),  # noqa: PLW1509 - there are no other threads yet
            )
        finally:
            os.close(descriptor)

    def log_tail(self) -> str:
        """The last lines that the programs wrote to the log."""
        self.log.seek(self.log_start)
        return b"".join(self.log.readlines()[-10:]).decode(errors="replace").rstrip()


def _environment(data: Path, descriptor: int) -> dict[str, str]:
    """The whole environment of a program."""
    opened = Path(f"/proc/self/fd/{descriptor}")  # needs no right to search the folders above
    environment = {"PGDATA": str(opened if opened.exists() else data), "LC_ALL": "C", "TZ": "UTC"}
    pid = first_line(data / "postmaster.pid")
    if pid.isdecimal():
        # The file was left by a crash, and another program may have this id by now. PostgreSQL
        # never takes its grandparent for a running server, and checks the shared memory instead.
        environment["PG_GRANDPARENT_PID"] = pid
    return environment
