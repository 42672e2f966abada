"""The one file as a user has it: in a folder that is not theirs, with a folder of their own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest

from embedded.account import CURRENT, Account
from tests.support.program import Program, eventually, free_port

ROOT = Path(__file__).parents[2]


def built() -> Iterator[Path]:
    """Find the one file, built where need be, in a folder that nobody can write. A fixture."""
    chosen = os.environ.get("DIST")
    if not chosen:
        for program in ("make", "objdump", "strip"):
            if not shutil.which(program):
                pytest.skip(f"no {program} to build it with (apt install make binutils)")
        subprocess.run(["make", "onefile"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory(prefix="todo-onefile-") as folder:
        file = shutil.copy2(chosen or ROOT / "dist/todo", folder)
        Path(folder).chmod(0o555)
        yield Path(file)
        Path(folder).chmod(0o755)


def ordinary() -> Account:
    """Whoever runs the tests, and for root somebody who may do less."""
    if os.geteuid() != 0:
        return CURRENT
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, [])


class OneFile(Program):
    """It runs with nothing but the given environment, and unpacks itself in a folder of its own."""

    def __init__(
        self,
        file: Path,
        directory: Path,
        environment: dict[str, str],
        *arguments: str,
        account: Account | None = None,
        through: tuple[str, ...] = (),
    ) -> None:
        port = free_port()
        super().__init__(directory, {}, "--port", str(port), *arguments)
        self.port = port
        self.command = [*through, str(file), *self.arguments]
        self.account = account or ordinary()
        self.unpacked = directory / "tmp"
        self.unpacked.mkdir(exist_ok=True)
        self.environment = environment | {"TMPDIR": str(self.unpacked)}
        for folder in (directory, self.unpacked):
            if self.account.uid is not None and self.account.gid is not None:
                os.chown(folder, self.account.uid, self.account.gid)

    def launch(self) -> Self:
        self.launched = time.monotonic()
        with (
            (self.directory / "stdout").open("ab") as out,
            (self.directory / "stderr").open("ab") as err,
        ):
            self.process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                user=self.account.uid,
                group=self.account.gid,
                extra_groups=self.account.groups,
            )
        return self

    def kill_first(self) -> None:
        """End the program that was started, and nothing else, as a supervisor would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def signal_group(self, number: signal.Signals) -> None:
        """Send what a terminal sends: a signal to all processes of the foreground."""
        os.killpg(self.pid, number)

    def processes(self) -> list[int]:
        """All of it that runs, its PostgreSQL included: what works in its folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                working = (process / "cwd").readlink()
            except OSError:
                continue
            if working.is_relative_to(self.directory):
                found.append(int(process.name))
        return sorted(found)

    def left(self) -> list[Path]:
        """What has been unpacked and is still there."""
        return list(self.unpacked.iterdir())


class Maker:
    """Makes programs that are nothing but the one file, and ends them."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file = file
        self.folder = folder
        self.made: list[OneFile] = []

    def __call__(
        self,
        *arguments: str,
        account: Account | None = None,
        through: tuple[str, ...] = (),
        **settings: str,
    ) -> OneFile:
        directory = self.folder / f"one file {uuid4().hex[:8]}"
        directory.mkdir()
        self.made.append(
            OneFile(self.file, directory, settings, *arguments, account=account, through=through)
        )
        return self.made[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in self.made:
            program.kill()
        assert eventually(lambda: not any(program.processes() for program in self.made))
