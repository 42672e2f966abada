"""Creating the cluster: PostgreSQL's data folder, with one user and one database."""

import os
import shutil
from pathlib import Path

from embedded.directory import CLUSTER
from embedded.programs import Programs
from embedded.versions import major, version

NAME = "todo"  # of the user and of the database


def create(directory: Path, programs: Programs, *, durable: bool, tcp: bool) -> None:
    """Create the cluster and its database, under another name until it is complete."""
    draft = directory / f"{CLUSTER}.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    programs.chown(draft)
    initdb = [
        f"--username={NAME}",
        "--encoding=UTF8",
        *_locale(programs.folder),
        "--data-checksums",
        "--auth-local=trust",
        f"--auth-host={'trust' if tcp else 'reject'}",
    ]
    single = ["--single", "-cexit_on_error=on"]
    if not durable:
        initdb.append("--no-sync")
        single.append("-cfsync=off")
    programs.run("initdb", *initdb, data=draft)
    statement = f"CREATE DATABASE {NAME}\n"
    programs.run("postgres", *single, "postgres", data=draft, statement=statement)
    draft.rename(directory / CLUSTER)
    _sync_folder(directory)


def _locale(folder: Path) -> list[str]:
    """Options of `initdb` for a locale that sorts by code point on every system."""
    if int(major(version(folder) or "0")) < 17:
        return ["--locale=C.UTF-8"]
    return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _sync_folder(folder: Path) -> None:
    """Write a rename in this folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
