"""The command line: `python service.py`, or the one file `todo`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core import __version__, logs
from core.settings import Settings, exit_with
from server import run as server
from server.banner import announce

if TYPE_CHECKING:
    from server.demo import Demo

FROZEN = getattr(sys, "frozen", False)  # by PyInstaller
PROGRAM = Path(sys.executable).name if FROZEN else "python service.py"
DATA = Path("data")
SCHEMA = Path(__file__).parents[1] / "schema.sql"
EXAMPLES = """
examples:
  %(prog)s --embedded                 a PostgreSQL of its own, data in ./data
  %(prog)s --embedded --demo          the same, with an account that has tasks
  DATABASE_URL=postgresql://… BETTER_AUTH_SECRET=… FRONTEND_URL=https://app.example.com \\
      %(prog)s --host 0.0.0.0 --workers 2
  %(prog)s schema | psql "$DATABASE_URL"  the tables, where the service may not make them
  %(prog)s dump | psql "$DATABASE_URL"    the data in ./data, to another PostgreSQL

exit status: 0 after SIGINT or SIGTERM, 1 address or data in use or no embedded database could be
             started, 2 wrong settings, 3 no database
"""


def main(description: str) -> NoReturn:
    """Do what the arguments and the environment say."""
    parser = _parser(description)
    options = parser.parse_args()
    if options.demo and options.embedded is None:
        parser.error("--demo is for the embedded database: --embedded --demo")
    options.run(options)
    sys.exit(0)


def _serve(options: argparse.Namespace) -> None:
    """Run the service."""
    for name in ("host", "port", "workers"):
        value = getattr(options, name)
        if value is not None:
            os.environ["WEB_CONCURRENCY" if name == "workers" else name.upper()] = str(value)
    _exit_on_signals(0)
    with _database(options.embedded):
        settings = Settings.load_or_exit()
        logs.configure(settings.log_level, settings.log_format, settings.forwarded_allow_ips)
        demo = _demo(settings) if options.demo else None
        listener = server.bind(settings.host, settings.port)
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        with listener:
            server.serve(
                settings,
                listener,
                lambda: announce(url, options.embedded, demo),
                reload=options.reload,
            )


def _demo(settings: Settings) -> Demo:
    from server.demo import prepare

    return asyncio.run(prepare(settings))


def _dump(options: argparse.Namespace) -> None:
    """Write the embedded data as SQL."""
    from embedded.run import dump

    _exit_on_signals(1)
    dump(options.directory or options.embedded or DATA)


def _schema(_: argparse.Namespace) -> None:
    """Write schema.sql as it is."""
    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            output.write(SCHEMA.read_bytes())
    except OSError as error:
        exit_with(1, f"cannot write the schema: {error.strerror}")


def _database(directory: Path | None) -> AbstractContextManager[None]:
    if directory is None:
        return nullcontext()
    from embedded.run import check_settings, embedded

    check_settings()
    return embedded(directory)


def _exit_on_signals(status: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(status))


def _parser(description: str) -> argparse.ArgumentParser:
    settings = "\n".join(
        f"  {each.name.upper():22} {each.metadata['help']}" for each in fields(Settings)
    )
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=description,
        epilog=f"environment (also read from .env):\n{settings}\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_serve)
    parser.add_argument("--host", help="address to listen on (default: HOST, or 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default: PORT, or 8000)")
    parser.add_argument("--workers", help="processes (default: WEB_CONCURRENCY, or 1)")
    parser.add_argument(
        "--embedded",
        nargs="?",
        const=DATA,
        type=Path,
        metavar="DIR",
        help="run a PostgreSQL of its own, with its data in DIR (default: ./data)",
    )
    parser.add_argument(
        "--demo", action="store_true", help="with --embedded: make an account with a dozen tasks"
    )
    parser.add_argument("--reload", action="store_true", help="start anew when the code changes")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="other commands", metavar="COMMAND")
    schema = commands.add_parser("schema", help="write schema.sql, for psql to make the tables")
    schema.set_defaults(run=_schema)
    dump = commands.add_parser(
        "dump",
        help="write the embedded data as SQL, for psql to load into another PostgreSQL",
        description="Write the embedded data as SQL, in use or not, for psql to load.",
    )
    dump.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="default: ./data")
    dump.set_defaults(run=_dump)
    return parser
