"""Reads from a standby, as docs/scaling.md tells of them: what they give and what they cost."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.deploy.replication import Databases
from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.users import User, new_email

TRIES = 300
AWAY = "Service temporarily unavailable"


class Deployments(NamedTuple):
    """One user, at the service of the primary and at that of the standby."""

    databases: Databases
    primary: User
    standby: User


@pytest.fixture
def deployed(start: Callable[..., Program], open_directory: Path) -> Iterator[Deployments]:
    directory = open_directory / "standby"
    directory.mkdir()
    try:
        with Databases(directory) as databases:
            databases.ask("ALTER ROLE todo SET synchronous_commit = remote_apply")
            writer, reader = start(databases.primary.url), start(databases.standby.url)
            with (
                httpx.Client(base_url=writer.url, timeout=20) as there,
                httpx.Client(base_url=reader.url, timeout=20) as here,
            ):
                user = User(there, str(uuid4()), new_email())
                yield Deployments(databases, user, User(here, user.id, user.email, user.token))
            writer.stop()
            reader.stop()
    finally:
        shutil.rmtree(directory)


def test_with_remote_apply_a_standby_shows_what_was_acknowledged(
    deployed: Deployments, figure: Callable[[str, object], None]
) -> None:
    _, primary, standby = deployed
    added = [primary.add(f"task {number}") for number in range(3)]
    missing = 0
    for number in range(TRIES):
        added.append(primary.add(f"task {number}"))
        missing += standby.get(f"/api/tasks/{added[-1]['id']}").status_code != 200
    figure(f"of {TRIES} tasks read from a standby with remote_apply, missing", missing)
    assert missing == 0
    assert standby.tasks() == added[::-1]
    assert standby.http.get("/health/ready").status_code == 200
    expect.error(standby.get(f"/api/tasks/{uuid4()}"), 404, "Task not found")
    expect.error(standby.post("/api/tasks", json={"title": "Buy milk"}), 500, AWAY)


def test_a_frozen_standby_stops_all_writes(
    deployed: Deployments, figure: Callable[[str, object], None]
) -> None:
    databases, primary, _ = deployed
    primary.add("before")
    send(databases.standby.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        expect.error(primary.post("/api/tasks", json={"title": "unconfirmed"}), 500, AWAY)
        seconds = time.monotonic() - began
        assert [each["title"] for each in primary.tasks()] == ["unconfirmed", "before"]
    finally:
        send(databases.standby.pid, signal.SIGCONT)
    figure("a write while the only standby is frozen", f"500 after {seconds:.1f} s")
    assert 8 < seconds < 10
    again = {"json": {"title": "after"}}
    assert eventually(lambda: primary.post("/api/tasks", **again).status_code == 201)


def send(postmaster: int, number: signal.Signals) -> None:
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, children)):
        os.kill(pid, number)
