"""PostgreSQL's programs, as they run here.

An account that may runs them, with nothing of the user's environment, and the kernel ends them
when we end. That account may be unable to look up the path of the data: a program gets the
folder as an open descriptor.
"""

import os
import signal
import subprocess
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from core.parent import follower
from embedded.account import Account, account_for
from embedded.binaries import find_binaries
from embedded.cache import reachable
from embedded.directory import first_line
from embedded.errors import PostgresError


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs as they run here: by an account that may, and no longer than us."""

    folder: Path
    account: Account
    log: FileIO
    beginning: int
    """Where in the log our part begins."""

    @classmethod
    def choose(cls, directory: Path, folder: Path | None, log: FileIO) -> Self:
        """Take the programs in `folder`, or those that fit the data in `directory`."""
        account = account_for(directory)
        folder = reachable(folder, account) if folder else find_binaries(directory)
        return cls(folder, account, log, log.seek(0, os.SEEK_END))

    def hand_over(self, folder: Path) -> None:
        """Give a folder of ours to the account."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(folder, self.account.uid, self.account.gid)

    def run(self, program: str, *options: str, data: Path, statement: str = "") -> None:
        """Run a program to its end."""
        with self.spawn(program, *options, data=data, stdin=subprocess.PIPE) as process:
            process.communicate(statement.encode())
        if process.returncode != 0:
            raise PostgresError(f"{program} failed on {data}:\n{self.last_words()}")

    def spawn(
        self, program: str, *options: str, data: Path, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Start a program on the cluster in `data`; it is told to end when we do (on Linux)."""
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
                preexec_fn=follower(os.getpid(), signal.SIGINT),  # noqa: PLW1509  no other thread is running yet
            )
        finally:
            os.close(descriptor)

    def last_words(self) -> str:
        """Quote the end of what the programs said."""
        self.log.seek(self.beginning)
        return b"".join(self.log.readlines()[-10:]).decode(errors="replace").rstrip()


def _environment(data: Path, descriptor: int) -> dict[str, str]:
    """All that a program sees of the environment: nothing of the user's."""
    magic = Path(f"/proc/self/fd/{descriptor}")  # reaches the folder, whatever is above it
    environment = {"PGDATA": str(magic if magic.exists() else data), "LC_ALL": "C", "TZ": "UTC"}
    pid = first_line(data / "postmaster.pid")
    if pid.isdecimal():
        # Left by a crash, since the log was not locked; it may be another program's by now.
        # PostgreSQL does not take its grandparent for a server, and goes on to look whether
        # the shared memory is in use.
        environment["PG_GRANDPARENT_PID"] = pid
    return environment
