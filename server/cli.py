"""The command line: `python service.py`, or the one file `todo`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core import __version__, logs, plugin
from core.settings import Settings, exit_with
from server import run
from server.banner import announce

if TYPE_CHECKING:
    from server.demo import Demo

FROZEN = getattr(sys, "frozen", False)  # by PyInstaller
PROGRAM = Path(sys.executable).name if FROZEN else "python service.py"
SCHEMA = Path(__file__).parents[1] / "schema.sql"
DATA = "data"
SETTINGS = "\n".join(
    f"  {name.upper():27} {field.description}" for name, field in Settings.model_fields.items()
)
EPILOG = f"""\b
Environment (also read from .env):
{SETTINGS}

\b
Examples:
  {PROGRAM} --embedded                 a PostgreSQL of its own, data in ./data
  {PROGRAM} --embedded --demo          the same, with an account that has tasks
  DATABASE_URL=postgresql://… BETTER_AUTH_SECRET=… FRONTEND_URL=https://app.example.com \\
      {PROGRAM} --host 0.0.0.0 --workers 2
  {PROGRAM} schema | psql "$DATABASE_URL"   the tables, for a role that may create them
  {PROGRAM} dump | psql "$DATABASE_URL"     the data in ./data, to another PostgreSQL

\b
Exit status: 0 after SIGINT or SIGTERM; 1 the address or the data are in use, or the embedded
database cannot be started; 2 wrong use or settings; 3 no database."""


@click.group(invoke_without_command=True, epilog=EPILOG)
@click.option("--host", help="Address to listen on.  [default: HOST, or 127.0.0.1]")
@click.option("--port", help="Port to listen on.  [default: PORT, or 8000]")
@click.option("--workers", help="Worker processes.  [default: WEB_CONCURRENCY, or 1]")
@click.option(
    "--embedded",
    is_flag=False,
    flag_value=DATA,
    type=click.Path(path_type=Path),
    metavar="[DIR]",
    help="Run a PostgreSQL of its own, with the data in DIR.  [default: ./data]",
)
@click.option("--demo", is_flag=True, help="With --embedded: create an account with a dozen tasks.")
@click.option("--reload", is_flag=True, help="Restart when the code changes.")
@click.version_option(__version__, message="%(version)s")
@click.pass_context
def main(
    context: click.Context,
    host: str | None,
    port: str | None,
    workers: str | None,
    embedded: Path | None,
    *,
    demo: bool,
    reload: bool,
) -> None:
    """Serve a Todo REST backend: sign-up, log-in and private task lists over HTTP."""
    if context.invoked_subcommand:
        return
    if demo and embedded is None:
        raise click.UsageError("--demo needs --embedded")
    options = {"HOST": host, "PORT": port, "WEB_CONCURRENCY": workers}
    os.environ.update({name: value for name, value in options.items() if value is not None})
    serve(embedded, demo=demo, reload=reload)


def serve(directory: Path | None, *, demo: bool, reload: bool) -> None:
    """Run the service until SIGINT or SIGTERM, with an embedded database where given."""
    exit_on_signals(0)
    with _database(directory):
        settings = Settings.load_or_exit()
        plugin.load_or_exit(settings.plugins)
        logs.configure(settings.log_level, settings.log_format)
        account = _create_demo(settings) if demo else None
        with run.listen(settings.host, settings.port) as listener:
            host, port = listener.getsockname()[:2]
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            run.serve(settings, listener, lambda: announce(url, directory, account), reload=reload)


def _create_demo(settings: Settings) -> Demo:
    from server.demo import prepare

    return asyncio.run(prepare(settings))


def _database(directory: Path | None) -> AbstractContextManager[None]:
    if directory is None:
        return nullcontext()
    from embedded.run import embedded_database

    return embedded_database(directory)


def exit_on_signals(status: int) -> None:
    """Exit in order at SIGINT and SIGTERM, until the server installs handlers of its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(status))


@main.command()
def schema() -> None:
    """Print schema.sql, for psql to create the tables."""
    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            output.write(SCHEMA.read_bytes())
    except OSError as error:
        exit_with(1, f"cannot write the schema: {error.strerror}")


@main.command()
@click.argument("directory", metavar="[DIR]", default=DATA, type=click.Path(path_type=Path))
def dump(directory: Path) -> None:
    """Print the embedded data as SQL, for psql to load into another PostgreSQL.

    The data are in DIR, ./data by default. The service may be running or not.
    """
    from embedded.run import dump

    exit_on_signals(1)
    dump(directory)
