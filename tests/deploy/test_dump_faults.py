"""`dump` where it cannot be done, is not read to its end, or has much to say."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.dumped import DUMP, dump, embedded_program, its_database
from tests.support.program import SCRIPT, Program
from tests.support.sql import Sql

embedded = pytest.fixture(embedded_program, scope="module")
source = pytest.fixture(its_database)

ADD_MANY = """
    INSERT INTO tasks (user_id, title, description)
    SELECT id, 'title', repeat(md5(n::text), 31) FROM users, generate_series(1, 50000) AS n"""


def test_other_directories_are_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for arguments in (["no/such"], ["other"], []):
        named = arguments[0] if arguments else "data"
        said = dump(tmp_path, *arguments, status=2).stderr.decode()
        assert said == f"error: {named} holds no embedded database\n"
    assert list(tmp_path.rglob("*")) == [tmp_path / "other"]


def test_data_of_another_version_are_refused(tmp_path: Path) -> None:
    cluster = tmp_path / "data/cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("11\n")
    done = dump(tmp_path, status=1)
    assert done.stderr.startswith(b"error: ")
    assert b"holds data of PostgreSQL 11" in done.stderr
    assert done.stdout == b""


def test_plugins_that_are_not_there_are_named(embedded: Program, source: Sql) -> None:
    done = dump(embedded.directory, status=2, PLUGINS="nobody")
    assert done.stderr.startswith(b"error: PLUGINS: nobody")


def test_it_tells_the_rows_and_no_secret(embedded: Program, source: Sql) -> None:
    done = dump(embedded.directory)
    assert source.value("SELECT email FROM users").encode() in done.stdout
    assert (embedded.directory / "data/secret").read_bytes() not in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("sink", "said"),
    [(">/dev/full", "No space left"), ("| true", "the dump was not read to its end")],
)
def test_a_dump_that_nobody_takes_fails(
    embedded: Program, source: Sql, sink: str, said: str
) -> None:
    source.value(ADD_MANY.replace("50000", "500"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {shlex.join([sys.executable, str(SCRIPT)])} dump {sink}"],
        cwd=embedded.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("running", [True, False])
def test_a_dump_that_is_ended_fails(embedded: Program, source: Sql, running: bool) -> None:
    source.value(ADD_MANY.replace("50000", "5000"))
    if not running:
        embedded.stop()
    process = subprocess.Popen(DUMP, cwd=embedded.directory, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.read(1)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b"COMMIT" not in said
    assert b"COMMIT" in dump(embedded.directory).stdout
    if not running:
        embedded.start()


@pytest.mark.slow
def test_much_takes_little_memory(
    embedded: Program, source: Sql, figure: Callable[[str, object], None]
) -> None:
    _, little = measure(embedded)
    source.value(ADD_MANY)
    began = time.monotonic()
    size, much = measure(embedded)
    seconds = time.monotonic() - began
    source.value("TRUNCATE users CASCADE")
    figure(
        "dump of 50,000 tasks with long descriptions",
        f"{size / 2**20:.0f} MiB in {seconds:.1f} s, with {much / 2**20:.0f} MiB of memory",
    )
    assert size > 50_000 * 992
    assert much - little < 32 * 2**20


def measure(embedded: Program) -> tuple[int, int]:
    """The bytes of a dump, and the bytes of memory that it took."""
    size = 0
    with subprocess.Popen(DUMP, cwd=embedded.directory, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while piece := process.stdout.read(2**20):
            size += len(piece)
        _, process.returncode, usage = os.wait4(process.pid, 0)
    assert process.returncode == 0
    return size, usage.ru_maxrss * 1024
