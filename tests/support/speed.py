"""How slow this machine is now, for bounds in seconds that were set on another one."""

import subprocess
import sys
import time

REFERENCE = 0.4  # seconds for the command below, where the bounds were set
IMPORTS = "import asyncpg, sqlmodel, starlette.applications, uvicorn"


def slowness() -> float:
    """The factor by which importing libraries takes longer than there, at least 1."""
    begin = time.monotonic()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return max(1.0, (time.monotonic() - begin) / REFERENCE)
