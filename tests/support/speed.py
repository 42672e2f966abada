"""How slow this machine is now, for bounds in seconds that were set on another one."""

import time

REFERENCE = 0.06  # seconds of CPU for the loop below, where the bounds were set


def slowness() -> float:
    """The factor by which a loop takes longer than on the reference machine, at least 1."""
    begin = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return max(1.0, (time.process_time() - begin) / REFERENCE)
