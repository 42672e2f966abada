"""The command line: `python -m loadtests`."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import click

from embedded import PostgresError
from loadtests import accounts, target
from loadtests.scenarios import MAX_CONNECTIONS, SCENARIOS, Scenario
from loadtests.target import Target

FOLDER = Path(__file__).parent
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'todo'"


@click.command()
@click.option("--host", metavar="URL", help="A running service. By default one is started.")
@click.option("--seconds", default=14, show_default=True, help="The length of each scenario.")
@click.option("--quick", is_flag=True, help="The same as --seconds 3.")
@click.option("--only", default=",".join(SCENARIOS), show_default=True, help="Which scenarios.")
@click.option(
    "--reports",
    default=Path("build/load"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for Locust's HTML and CSV reports.",
)
def main(host: str | None, seconds: int, only: str, reports: Path, *, quick: bool) -> None:
    """Put load on the service and check the thresholds of loadtests/scenarios.py.

    With --host, twelve accounts are signed up; their tasks are deleted at the end, the accounts
    stay. LOAD_P95 sets the limit of the p95s, 200 ms by default.

    Exit status: 0 all thresholds are met, 1 some are missed, 2 it could not be measured.
    """
    names = only.split(",")
    if unknown := set(names) - SCENARIOS.keys():
        raise click.UsageError(f"there is no scenario {', '.join(sorted(unknown))}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    reports.mkdir(parents=True, exist_ok=True)
    try:
        with target.running(host) if host else target.started() as service:
            held = [run(name, service, 3 if quick else seconds, reports) for name in names]
    except (OSError, PostgresError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    click.echo(f"Reports: {reports}")
    sys.exit(0 if all(held) else 1)


def run(name: str, service: Target, seconds: int, reports: Path) -> bool:
    """Run a scenario; whether its thresholds were met."""
    scenario = SCENARIOS[name]
    click.echo(f"{name}: {scenario.title}, {seconds} s")
    with tempfile.TemporaryDirectory(prefix="todo-load-") as folder:
        file = Path(folder, "accounts.json")
        accounts.save(service.accounts, file)
        files = ",".join(str(FOLDER / each) for each in ("locustfile.py", scenario.shape) if each)
        options = ["--headless", "--only-summary", "--loglevel", "ERROR", "--skip-log-setup"]
        users = ["-u", str(scenario.users), "-r", str(scenario.users), "-t", f"{seconds}s"]
        output = ["--html", f"{reports / name}.html", "--csv", f"{reports / name}"]
        own = ["--host", service.url, "--accounts", str(file), "--scenario", name]
        command = [sys.executable, "-m", "locust", "-f", files, *options, *users, *output, *own]
        locust = subprocess.Popen(  # noqa: S603
            [*command, *scenario.classes],
            env=os.environ | {"PYTHONPATH": str(FOLDER.parent), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            connections = _count_connections(scenario, service, locust)
            summary, _ = locust.communicate()
        finally:
            locust.terminate()
            locust.wait()
    checks = [line for line in summary.splitlines() if line.startswith(("ok  ", "FAIL", "     "))]
    click.echo("\n".join(f"  {line}" for line in checks))
    return locust.returncode == 0 and connections


def _count_connections(scenario: Scenario, service: Target, locust: subprocess.Popen[str]) -> bool:
    """Whether there are never more database connections than allowed, where they are counted."""
    if not (scenario.counts_connections and service.database_url):
        return True
    most = asyncio.run(_watch(service.database_url, locust))
    held = 0 < most <= MAX_CONNECTIONS
    result = "ok  " if held else "FAIL"
    click.echo(f"  {result} database connections: {most} (<= {MAX_CONNECTIONS})")
    return held


async def _watch(database_url: str, locust: subprocess.Popen[str]) -> int:
    """The greatest number of connections of the service while Locust runs."""
    connection = await asyncpg.connect(database_url)
    most = 0
    while locust.poll() is None:
        most = max(most, await connection.fetchval(COUNT))
        await asyncio.sleep(0.1)
    await connection.close()
    return most


if __name__ == "__main__":
    main()
