"""Child processes: start and stop, CPU time and memory of a process tree (Linux)."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.parent import parent_exit_hook

START_TIMEOUT = 30  # seconds


class CannotRun(Exception):
    """A program that is needed is missing, or does not work; the message says which."""


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], log: Path, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; it ends with this process in any case."""
    hook = parent_exit_hook(os.getpid(), signal.SIGTERM)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=hook,  # noqa: PLW1509 - there are no other threads
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the URL responds with 200. Raises CannotRun."""
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310
            return
        time.sleep(0.005)
    raise CannotRun(f"{url} does not respond:\n{log.read_text(errors='replace')[-2000:]}")


def cpu_seconds(root: int) -> float:
    """The CPU time of a process and its descendants."""
    stats = _stats()
    ticks = sum(stats[pid][1] for pid in _tree(root, stats) if pid in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(root: int) -> float:
    """The proportional set size of a process and its descendants."""
    total = 0
    for pid in _tree(root, _stats()):
        with suppress(OSError):
            found = re.search(
                r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE
            )
            total += int(found[1]) if found else 0
    return total / 1024


def _stats() -> dict[int, tuple[int, int]]:
    """Of each process: its parent, and its CPU time with that of children that have ended."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


def _tree(root: int, stats: Mapping[int, tuple[int, int]]) -> list[int]:
    members = [root]
    for member in members:  # grows while it is iterated
        members += [pid for pid, (parent, _) in stats.items() if parent == member]
    return members
