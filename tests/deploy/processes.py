"""Programs that run as an account without rights and end with the tests."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded.account import CURRENT, Account, account_for

SERVICE = Path(__file__).resolve().parents[2] / "service.py"
STOP_TIMEOUT = 15  # seconds: more than the service gives its requests in flight


class Process:
    """A program with a log, which can be stopped, killed and started again."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str],
        account: Account,
    ) -> None:
        self.command = [*_restrained(account), *command]
        self.log = log
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; the log is appended to."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environment,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        if self.process:
            self.process.send_signal(number)

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT) if self.process else 0
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Kill it with its children."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


def account_of_service() -> Account:
    """An account without rights that can read the service; root where there is none."""
    account = account_for(None)
    try:
        tried = subprocess.run(
            [*_restrained(account), sys.executable, SERVICE, "--version"],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return CURRENT
    return account if tried.returncode == 0 else CURRENT


def _restrained(account: Account) -> list[str]:
    """A command prefix: run as this account, and end with this process."""
    command = ["setpriv", "--pdeathsig", "TERM"]
    if account.uid is not None:
        command += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    return [*command, "--no-new-privs"]
