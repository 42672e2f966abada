"""A machine of its own: systemd as its first process, and this machine's files to begin with.

systemd-nspawn boots it in a container. What it writes is in memory and gone at the end.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.support.program import eventually

NEEDED = ("systemd-nspawn", "nsenter", "unshare")
# Run with two folders: moves to the first, of control groups, has the second show this machine's
# files (nspawn will not boot from / itself), and becomes the rest of its arguments.
ENTER = 'echo $$ >"$0/cgroup.procs" && mount --bind / "$1" && shift && exec "$@"'


def what_is_missing() -> str:
    """Why no machine can be booted here, or nothing."""
    absent = [program for program in NEEDED if not shutil.which(program)]
    if absent:
        return f"needs {', '.join(absent)}"
    if Path("/run/systemd/system").exists():
        return "systemd runs this machine, and its control groups are not for tests"
    allowed = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "needs the right to mount (root)" if allowed.returncode else ""


def control_groups() -> Path:
    """Where control groups of version 2 are mounted."""
    found = re.search(r"^\S+ (\S+) cgroup2 ", Path("/proc/mounts").read_text(), re.MULTILINE)
    assert found
    return Path(found[1])


class Machine:
    """One machine, for as long as this context lasts."""

    def __init__(self, directory: Path, *options: str) -> None:
        """Without options to systemd-nspawn it is on this machine's own network."""
        self.name = f"todo-{uuid4().hex[:8]}"
        self.group = control_groups() / self.name
        self.directory = directory
        files = directory / "files"
        self.command = [
            *("unshare", "--mount", "sh", "-c", ENTER, self.group, files),
            *("systemd-nspawn", "--quiet", "--boot", "--console=pipe", f"--directory={files}"),
            *("--volatile=overlay", "--register=no", "--keep-unit", "--link-journal=no"),
            *(f"--machine={self.name}", *options, "--", "--unit=basic.target"),
        ]
        files.mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.group.mkdir()
        with (self.directory / "console").open("wb") as console:
            self.process = subprocess.Popen(
                self.command,
                env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        if not eventually(self._up, seconds=60):
            self.__exit__()
            raise AssertionError((self.directory / "console").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process
        if init := self._init():
            os.kill(init, 9)  # and with it all that is in there
        else:
            self.process.kill()
        self.process.wait(20)
        assert eventually(self._disband)
        shutil.rmtree(Path("/run/systemd/nspawn/propagate", self.name), ignore_errors=True)

    def run(self, *command: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run a program in there, as root in root's home, with something on its stdin."""
        done = subprocess.run(
            ["nsenter", f"--target={self._init()}", "--all", "env", "--chdir=/root", *command],
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
            input=given,
            capture_output=True,
            timeout=60,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def shell(self, script: str) -> str:
        """Run a script in there, which must not fail; what it says."""
        done = self.run("bash", "-euc", script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def put(self, content: bytes, place: str, mode: str = "644") -> None:
        """Write a file in there."""
        done = self.run("install", "-D", f"--mode={mode}", "/dev/stdin", place, given=content)
        assert done.returncode == 0, done.stderr

    def about(self, unit: str) -> dict[str, str]:
        """What systemd knows of a unit."""
        shown = self.run("systemctl", "show", unit).stdout
        return dict(line.partition("=")[::2] for line in shown.splitlines())

    def log(self, unit: str) -> str:
        return self.run("journalctl", "--no-pager", "--unit", unit).stdout

    def _init(self) -> int | None:
        """The id of its first process, as it is known out here."""
        assert self.process
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = children.read_text().split() if children.exists() else []
        return int(found[0]) if found else None

    def _up(self) -> bool:
        if not self._init():
            return False
        return self.run("systemctl", "is-active", "basic.target").stdout.strip() == "active"

    def _disband(self) -> bool:
        """Remove its control groups, once nobody is in them."""
        groups = sorted(self.group.rglob("*/"), reverse=True)
        try:
            for group in [*groups, self.group]:
                group.rmdir()
        except OSError:
            return False
        return True
