"""`todo --embedded` and `todo dump`: the PostgreSQL in the one file, for a user and for root."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from embedded import Postgres
from embedded.account import CURRENT
from tests.contract.test_end_to_end import test_two_people_keep_their_lists as keep_lists
from tests.deploy.dumped import everything, needs_psql, psql, url_of
from tests.deploy.onefile import Maker, OneFile, built
from tests.support.postgres import query
from tests.support.program import eventually
from tests.support.sql import Sql, new_database
from tests.support.tokens import bearer

pytestmark = pytest.mark.slow
file = pytest.fixture(built, scope="module")

CLOCK = "SELECT (timestamptz '2026-07-01 10:00Z' AT TIME ZONE 'Europe/Vienna')::text"


@pytest.fixture
def make(file: Path, open_directory: Path) -> Iterator[Maker]:
    with Maker(file, open_directory) as maker:
        yield maker


@pytest.fixture
def embedded(make: Maker) -> OneFile:
    return make("--embedded")


def serve(program: OneFile) -> None:
    """Go the main path, and look whose PostgreSQL it is."""
    with program, httpx.Client(base_url=program.url, timeout=20) as http:
        keep_lists(http)
        data = program.directory / "data"
        assert (data / "cluster/PG_VERSION").read_text() == "18\n"
        assert query(Postgres(data).join(), CLOCK) == ["2026-07-01 12:00:00"]
    assert eventually(lambda: not program.processes())
    assert program.left() == []


def test_an_ordinary_user_needs_nothing_else(embedded: OneFile) -> None:
    embedded.launch()
    server = eventually(lambda: server_of(embedded), 20)
    program = Path(f"/proc/{server}/exe").readlink()
    assert program.is_relative_to(embedded.unpacked)
    assert embedded.stop() == 0
    serve(embedded)


def test_root_needs_nothing_else(make: Maker) -> None:
    """PostgreSQL runs as another account."""
    assert os.geteuid() == 0, "needs root"
    program = make("--embedded", account=CURRENT)
    for folder in (program.directory, program.unpacked):
        folder.chmod(0o755)  # as /tmp is
    program.launch()
    server = eventually(lambda: server_of(program), 20)
    assert Path(f"/proc/{server}").stat().st_uid != 0
    assert Path(f"/proc/{server}/exe").readlink().is_relative_to(program.unpacked)
    assert program.stop() == 0


def server_of(program: OneFile) -> int:
    pid = program.directory / "data/cluster/postmaster.pid"
    return int(pid.read_text().split()[0]) if pid.exists() and pid.read_text() else 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_runs_on_after_kill_9(make: Maker, workers: str) -> None:
    program = make("--embedded", "--workers", workers).start()
    assert len(program.processes()) > 5
    program.kill_first()
    assert eventually(lambda: not program.processes())
    program.start()


def test_what_is_killed_is_cleared_away(embedded: OneFile) -> None:
    """When memory runs out the kernel takes the large process, not the one that unpacks."""
    embedded.start()
    [served] = [pid for pid in embedded.processes() if parent_of(pid) == embedded.pid]
    os.kill(served, signal.SIGKILL)
    assert embedded.ended().code == -signal.SIGKILL
    assert eventually(lambda: not embedded.processes())
    assert embedded.left() == []


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@needs_psql
def test_its_data_move_to_another_postgresql(
    embedded: OneFile, make: Maker, postgres: str, figure: Callable[[str, object], None]
) -> None:
    """Row by row, whether it runs or not; served from there, nobody has to log in again."""
    embedded.start()
    account = {"email": "me@example.com", "password": "correct horse"}
    token = httpx.post(f"{embedded.url}/api/auth/signup", json=account).json()["token"]
    for title in ("Buy milk", "\\.", "a\tb\nc \\N", "漢字 🎉"):
        task = {"title": title, "description": title}
        keyed = bearer(token) | {"Idempotency-Key": str(uuid4())}
        made = httpx.post(f"{embedded.url}/api/tasks", json=task, headers=keyed)
        assert made.status_code == 201
    tasks = httpx.get(f"{embedded.url}/api/tasks", headers=bearer(token)).json()
    with Sql(url_of(embedded)) as source:
        before = everything(source)
    assert [len(rows) for rows in before.values()] == [4, 4, 1], before.keys()
    for _ in range(2):
        command = make("dump", str(embedded.directory / "data"), account=embedded.account)
        command.command[1:3] = []  # there is nothing to listen on
        ended = command.launch().ended()
        assert (ended.code, ended.stderr) == (0, "")
        other = new_database(postgres)
        assert psql(other, (command.directory / "stdout").read_bytes()) == 0
        with Sql(other) as target:
            assert everything(target) == before
        embedded.stop()
    figure(
        "the one file, dump of a few rows from data that are not in use", f"{ended.seconds:.1f} s"
    )
    settings = {"DATABASE_URL": other, "FRONTEND_URL": "https://todo.example.com"}
    secret = (embedded.directory / "data/secret").read_text()
    with make(BETTER_AUTH_SECRET=secret, **settings) as program:
        there = httpx.get(f"{program.url}/api/tasks", headers=bearer(token))
        assert there.json() == tasks
