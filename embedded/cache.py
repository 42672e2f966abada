"""The cache: a copy of a wheel's programs that every account can read.

The account that stands in for root cannot look into root's own folders: a wheel that is there is
copied, once, to where all can read it. What is run from there must be root's alone to change.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from embedded.account import OURSELVES, Account
from embedded.errors import PostgresError
from embedded.versions import PROGRAMS, version

CACHE = Path("/var/cache/todo")


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


def _insist_on_root(folder: Path) -> None:
    """Refuse programs that another account may have put there or changed."""
    found = folder.lstat()
    if found.st_uid != 0 or found.st_mode & 0o022 or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is not root's alone")


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
