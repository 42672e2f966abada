"""Behind a real PgBouncer in transaction mode, where prepared statements do not survive."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.support.people import User, address
from tests.support.program import Program, eventually, free_port
from tests.support.sql import Sql, new_database

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
SERVERS = 3  # connections to PostgreSQL, shared by all clients of the pooler
CONFIGURATION = """
[databases]
{name} = host=127.0.0.1 port={upstream} user=todo
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
"""

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    return new_database(postgres)


@pytest.fixture(scope="module")
def pooler(url: str, postgres_port: int) -> Iterator[int]:
    """The port of a PgBouncer before the database."""
    port, directory = free_port(), Path(tempfile.mkdtemp(prefix="todo-pooler-"))
    directory.chmod(0o755)
    file = directory / "pgbouncer.ini"
    name = urlsplit(url).path[1:]
    file.write_text(
        CONFIGURATION.format(name=name, upstream=postgres_port, port=port, servers=SERVERS)
    )
    account = {"user": "nobody", "extra_groups": []} if os.getuid() == 0 else {}
    with (directory / "log").open("w") as log:
        process = subprocess.Popen([str(PGBOUNCER), str(file)], stderr=log, **account)
    try:
        assert eventually(lambda: answers(port)), (directory / "log").read_text()
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def behind(start: Callable[..., Program], url: str, pooler: int) -> Program:
    """A service that nothing in the URL tells of the pooler."""
    return start(f"postgresql://todo@127.0.0.1:{pooler}{urlsplit(url).path}")


def test_many_at_once_share_few_connections(behind: Program, url: str) -> None:
    with httpx.Client(base_url=behind.url, timeout=20) as http, Sql(url) as database:
        users = [User(http, str(uuid4()), address()) for _ in range(8)]

        def live(user: User) -> None:
            for number in range(10):
                task = user.add(f"task {number}")
                changed = user.put(f"/api/tasks/{task['id']}", json={"completed": True})
                assert changed.json()["task"]["completed"]
                assert len(user.tasks()) == number + 1
            assert user.delete(f"/api/tasks/{task['id']}").status_code == 204

        with ThreadPoolExecutor(8) as runners:
            list(runners.map(live, users))
        assert all(len(user.tasks()) == 9 for user in users)
        backends = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert database.value(backends) <= SERVERS + 1
    assert behind.records("Traceback") == []


def test_sign_up_and_log_in(behind: Program) -> None:
    account = {"email": address(), "password": "correct horse"}
    for path, status in (("signup", 201), ("signup", 409), ("login", 200)):
        response = httpx.post(f"{behind.url}/api/auth/{path}", json=account, timeout=20)
        assert response.status_code == status
