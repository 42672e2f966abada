"""Programs as they run here: by an account without rights, and no longer than us."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded.account import OURSELVES, Account, account_for

SERVICE = Path(__file__).resolve().parents[2] / "service.py"
LONGEST_STOP = 15  # seconds: more than the service gives its requests in flight


class Process:
    """A program with a log of its own; it may be stopped or killed, and started anew."""

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
        """Launch it; its log goes on."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=self.environment,
                start_new_session=True,  # Ctrl-C is for us; we end it in good order
            )

    def send(self, number: signal.Signals) -> None:
        """Have it get a signal, if it runs."""
        if self.process:
            self.process.send_signal(number)

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(LONGEST_STOP) if self.process else 0
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it outright, with its children."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


def account_of_service() -> Account:
    """Who runs the service: for root somebody without rights, who must be able to read it."""
    account = account_for(None)
    try:
        tried = subprocess.run(  # noqa: S603
            [*_restrained(account), sys.executable, SERVICE, "--version"],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return OURSELVES
    return account if tried.returncode == 0 else OURSELVES


def _restrained(account: Account) -> list[str]:
    """The beginning of a command that runs as this account, and that ends when we are killed."""
    command = ["setpriv", "--pdeathsig", "TERM"]
    if account.uid is not None:
        command += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    return [*command, "--no-new-privs"]
