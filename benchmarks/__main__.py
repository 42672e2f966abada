"""The command line: `python -m benchmarks`."""

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import asyncpg
import click

from benchmarks import data, measure, report
from benchmarks.contenders import OURS, POOL_SIZE, TITLES, Contender, prepare
from benchmarks.peers import pocketbase
from benchmarks.processes import CannotRun, free_port
from embedded import Postgres, PostgresError

POSTGRES_SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "400",
    "autovacuum": "off",  # it would slow one contender and not another
}
PEERS = [name for name in TITLES if name != OURS]


@click.command()
@click.option("--peers", default=",".join(PEERS), show_default=True, help="Which to compare with.")
@click.option(
    "--scenarios",
    default="get,post,put",
    show_default=True,
    help="get, post, put, and lists of other lengths: get0, get100, get1000.",
)
@click.option("--rounds", default=5, show_default=True, help="Medians are taken over the rounds.")
@click.option("--seconds", default=3, show_default=True, help="Of each measurement.")
@click.option("--write", is_flag=True, help="Write README's table and chart.")
def main(peers: str, scenarios: str, rounds: int, seconds: int, *, write: bool) -> None:
    """Compare the service with other implementations of its API.

    Needs wrk, and Node.js and Debian's golang-go and golang-github-jackc-pgx-v4-dev for two of
    the peers. Packages are installed into build/benchmarks.
    """
    if shutil.which("wrk") is None:
        raise click.ClickException("wrk is not installed (apt install wrk)")
    try:
        with ExitStack() as resources:
            result = run(
                [OURS, *peers.split(",")], scenarios.split(","), rounds, seconds, resources
            )
    except (CannotRun, PostgresError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(report.table(result))
    if write:
        report.write(result)


def run(
    names: list[str], scenarios: list[str], rounds: int, seconds: int, resources: ExitStack
) -> report.Result:
    """Start everything, measure, and return the result as JSON can hold it."""
    temporary = tempfile.TemporaryDirectory(prefix="todo-bench-", ignore_cleanup_errors=True)
    folder = Path(resources.enter_context(temporary))
    folder.chmod(0o755)
    postgres = Postgres(folder / "postgres", port=free_port(), settings=POSTGRES_SETTINGS)
    server_url = resources.enter_context(postgres).url
    contenders = prepare(names, folder, lambda name: f"{server_url.rpartition('/')[0]}/{name}")
    users = data.make_data()
    postgres_version = asyncio.run(_fill(server_url, contenders, users))
    measure.start(contenders, folder, resources)
    for contender in contenders:
        if contender.name == "pocketbase":
            _fill_pocketbase(contender, folder, users)
    rows = measure.measure(contenders, scenarios, users, folder, postgres.pid, rounds, seconds)
    return {
        "rows": [row._asdict() for row in rows],
        "memory": measure.memory(contenders),
        "start": {contender.name: contender.start_seconds for contender in contenders},
        "conditions": _conditions(rounds, postgres_version),
    }


async def _fill(server_url: str, contenders: list[Contender], users: data.Data) -> str:
    """Create a database for each contender; the version of the server."""
    connection = await asyncpg.connect(server_url)
    for number, contender in enumerate(contenders):
        template = f"TEMPLATE {contenders[0].name}" if number else ""
        await connection.execute(f"CREATE DATABASE {contender.name} {template}")
        if not number:
            await data.fill(contender.environment["DATABASE_URL"], users)
    found = str(await connection.fetchval("SHOW server_version")).partition(" ")[0]
    await connection.close()
    return found


def _fill_pocketbase(contender: Contender, folder: Path, users: data.Data) -> None:
    pocketbase.create_collection(contender.url)
    secret = pocketbase.fill(folder, users.users)
    contender.translate = lambda request: pocketbase.translate(request, secret)


def _conditions(rounds: int, postgres: str) -> str:
    names = ("starlette", "uvicorn", "sqlmodel", "asyncpg")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"Medians of {rounds} interleaved rounds, one process each, {measure.CONNECTIONS} "
        f"connections, lists of {data.TASKS} tasks, pools of {POOL_SIZE} database connections. CPU "
        "is the service's per request, database is PostgreSQL's (PocketBase has its own). "
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores; Python {platform.python_version()}, "
        f"{packages}, PostgreSQL {postgres}."
    )


if __name__ == "__main__":
    sys.exit(main())
