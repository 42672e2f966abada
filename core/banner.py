"""What is said once the service listens."""

from pathlib import Path

from core import __version__
from core.logs import log

TRY = (
    "curl -s {url}/api/auth/signup -H 'Content-Type: application/json' "
    """-d '{{"email": "me@example.com", "password": "correct horse"}}'"""
)


def announce(url: str, directory: Path | None) -> None:
    """Say where the service is; for people who try it, what to do next as well."""
    if directory is None:
        log.info("listening on %s", url)
        return
    lines = {
        "listening": url,
        "docs": f"{url}/docs",
        "data": directory.absolute(),
        "try": TRY.format(url=url),
        "stop": "Ctrl-C",
    }
    print(f"Todo REST backend {__version__}")  # noqa: T201
    for name, text in lines.items():
        print(f"  {name:10} {text}", flush=True)  # noqa: T201
