"""No kill and no power cut costs data of the embedded PostgreSQL."""

import subprocess
from functools import partial
from pathlib import Path

import pytest

from embedded import Postgres
from embedded.account import account_for
from tests.support.postgres import Writer, has_ended, query
from tests.support.program import eventually

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("patience", [0, 2], ids=["next start at once", "next start later"])
def test_server_ends_with_a_killed_service_and_loses_nothing(
    directory: Path, patience: float
) -> None:
    with Writer(directory) as writer:
        pid = writer.next_number()
        last = [writer.next_number() for _ in range(200)][-1]
        writer.kill()
        assert eventually(partial(has_ended, pid), patience) or not patience
        with Postgres(directory) as server:
            assert has_ended(pid)
            assert query(server.url, "SELECT count(*) FROM numbers")[0] > last


def test_start_after_a_kill_during_initdb(directory: Path) -> None:
    draft = directory / "cluster.new"
    with Writer(directory) as writer:
        assert eventually((draft / "base/4").exists)
        writer.kill()
        with Postgres(directory, durable=False) as server:
            assert query(server.url, "SELECT 1") == [1]
    assert not draft.exists()


def test_start_after_a_power_cut(directory: Path) -> None:
    """The process id in the files that it leaves may since be that of another program."""
    with Postgres(directory) as server:
        query(server.url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.process.kill()
    account = account_for(directory)
    other = subprocess.Popen(
        ["sleep", "60"], user=account.uid, group=account.gid, extra_groups=account.groups
    )
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            left = directory / "cluster" / name
            left.write_text(left.read_text().replace(str(server.pid), str(other.pid), 1))
        with server:
            assert query(server.url, "SELECT one FROM kept") == [1]
    finally:
        other.kill()
        other.wait()
