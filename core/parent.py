"""Processes that end with their parent, even if it is killed by SIGKILL (Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def parent_exit_hook(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """Return a function for the child to call; it then gets this signal when its parent ends.

    Create it before the fork: in the child it makes two system calls only (prctl(2)). None on
    other systems than Linux.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def request_signal() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    return request_signal
