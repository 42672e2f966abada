"""Processes that end when their parent does, even where it is killed outright (Linux)."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def follower(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """Make what a child calls to get this signal when its parent ends (prctl(2)).

    Made before a fork, it does no more in the child than two system calls.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask
