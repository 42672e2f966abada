"""The command line: `python service.py`."""

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from multiprocessing import freeze_support
from pathlib import Path
from typing import NoReturn

from core import __version__, logs, server
from core.settings import Settings, exit_with

EXAMPLES = """
examples:
  python service.py --embedded                 a PostgreSQL of its own, data in ./data
  DATABASE_URL=postgresql://… BETTER_AUTH_SECRET=… FRONTEND_URL=https://app.example.com \\
      python service.py --host 0.0.0.0 --workers 2

exit status: 0 after SIGINT or SIGTERM, 1 address in use, 2 wrong settings, 3 no database
"""
DEVELOPMENT_ORIGINS = "http://localhost:3000,http://localhost:5173"
TRY = (
    "curl -s {url}/api/auth/signup -H 'Content-Type: application/json' "
    """-d '{{"email": "me@example.com", "password": "correct horse"}}'"""
)


def main(description: str) -> NoReturn:
    """Run the service as the arguments and the environment say."""
    freeze_support()
    options = _parser(description).parse_args()
    for name in ("host", "port", "workers"):
        value = getattr(options, name)
        if value is not None:
            os.environ["WEB_CONCURRENCY" if name == "workers" else name.upper()] = str(value)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with _database(options.embedded):
        settings = Settings.load_or_exit()
        logs.configure(settings.log_level, settings.log_format, settings.forwarded_allow_ips)
        listener = server.bind(settings.host, settings.port)
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        with listener:
            server.serve(
                settings, listener, lambda: _announce(url, options.embedded), reload=options.reload
            )
    sys.exit(0)


def _parser(description: str) -> argparse.ArgumentParser:
    settings = "\n".join(
        f"  {each.name.upper():22} {each.metadata['help']}" for each in fields(Settings)
    )
    parser = argparse.ArgumentParser(
        description=description,
        epilog=f"environment (also read from .env):\n{settings}\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on (default: HOST, or 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default: PORT, or 8000)")
    parser.add_argument("--workers", help="processes (default: WEB_CONCURRENCY, or 1)")
    parser.add_argument(
        "--embedded",
        nargs="?",
        const=Path("data"),
        type=Path,
        metavar="DIR",
        help="run a PostgreSQL of its own, with its data in DIR (default: ./data)",
    )
    parser.add_argument("--reload", action="store_true", help="start anew when the code changes")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


@contextmanager
def _database(directory: Path | None) -> Iterator[None]:
    """With a directory: an embedded PostgreSQL, and all settings that it makes up for."""
    if directory is None:
        yield
        return
    from core.postgres import Postgres, PostgresError

    try:
        postgres = Postgres(directory)
        url = postgres.start()
        secret = _secret(directory / "secret")
    except (PostgresError, OSError) as error:
        exit_with(1, str(error))
    try:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("BETTER_AUTH_SECRET", secret)
        os.environ.setdefault("FRONTEND_URL", DEVELOPMENT_ORIGINS)
        yield
    finally:
        postgres.stop()


def _secret(path: Path) -> str:
    """The secret kept beside the data; made at the first start, readable by its owner only."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()


def _announce(url: str, directory: Path | None) -> None:
    """Say where the service is; for people who try it, what to do next as well."""
    if directory is None:
        logs.log.info("listening on %s", url)
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
