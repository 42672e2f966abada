"""The message when the service has started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core import __version__
from core.logs import log

if TYPE_CHECKING:
    from server.demo import Demo

TRY = (
    "curl -s {url}/api/auth/signup -H 'Content-Type: application/json' "
    """-d '{{"email": "me@example.com", "password": "correct horse"}}'"""
)


LIST = "curl -s {url}/api/tasks -H 'Authorization: Bearer {token}'"


def announce(url: str, directory: Path | None, demo: Demo | None = None) -> None:
    """Log the address; with an embedded database print how to try the service."""
    if directory is None:
        log.info("listening on %s", url)
        return
    lines = {
        "listening": url,
        "docs": f"{url}/docs",
        "data": directory.absolute(),
        **_try(url, demo),
        "stop": "Ctrl-C",
    }
    print(f"Todo REST backend {__version__}")  # noqa: T201
    for name, text in lines.items():
        print(f"  {name:10} {text}", flush=True)  # noqa: T201


def _try(url: str, demo: Demo | None) -> dict[str, str]:
    if demo is None:
        return {"try": TRY.format(url=url)}
    return {
        "demo": f"{demo.email}, password {demo.password}",
        "token": demo.token,
        "try": LIST.format(url=url, token=demo.token),
    }
