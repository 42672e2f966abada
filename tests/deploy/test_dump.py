"""`dump`: all that the embedded database holds, taken in by a real psql elsewhere."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded import Postgres
from embedded.binaries import folders_of_system, folders_of_wheel
from embedded.versions import version
from tests.deploy.dumped import (
    dump,
    embedded_program,
    everything,
    its_database,
    needs_psql,
    psql,
    url_of,
)
from tests.support.program import SCRIPT, Program, free_port
from tests.support.sql import Sql, new_database
from tests.support.users import new_email

pytestmark = needs_psql
embedded = pytest.fixture(embedded_program, scope="module")
source = pytest.fixture(its_database)

SCHEMA = SCRIPT.with_name("schema.sql").read_text()
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename IN ('users', 'tasks') ORDER BY 1"
NAUGHTY = (
    *("\\.", "\\N", "\\", "\\\\.", "a\tb", "a\nb", "a\r\nb", "\n\\.\n", "\x01\x08\x0b\x0c\x1f\x7f"),
    *("'; DROP TABLE users; --", '"', "$$", "\\copy tasks from '/etc/passwd'", "\\! id", ":var"),
    *(
        "ä ß 漢字 🎉 👩‍👩‍👧 e\u0301 \u202e \ufeff \U0010ffff",
        "".join(map(chr, range(1, 256))),
        "%s %%",
    ),
)
REMEMBER = "INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES ($1, $2, $3)"
ADD_BOTH = """
    WITH added AS (INSERT INTO users (email, password_hash) VALUES ($1, '!') RETURNING id)
    INSERT INTO tasks (user_id, title) SELECT id, 'new' FROM added"""
ADD_MANY = """
    INSERT INTO users (email, password_hash)
    SELECT n || '@example.org', '!' FROM generate_series(1, 50000) AS n"""
NOTES = """
    CREATE TABLE "Odd notes" (
        id serial PRIMARY KEY, "select" varchar NOT NULL,
        twice int GENERATED ALWAYS AS (id * 2) STORED);
    INSERT INTO "Odd notes" ("select") VALUES ('a'), ('b')"""
PLUGIN = """
from sqlalchemy import Column, Computed, Integer
from sqlmodel import Field, SQLModel

from core.plugin import Plugin

plugin = Plugin("notes")

class Note(SQLModel, table=True):
    __tablename__ = "Odd notes"
    id: int | None = Field(default=None, primary_key=True)
    select: str
    twice: int = Field(sa_column=Column("twice", Integer, Computed("id * 2", persisted=True)))
"""


@pytest.fixture(scope="module", params=["system", "wheel"])
def other_server(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[str]:
    folders = folders_of_system() if request.param == "system" else folders_of_wheel()
    binaries = next(filter(version, folders), None)
    if not binaries:
        pytest.skip(f"no PostgreSQL of the {request.param}'s")
    directory = open_directory / f"other {request.param}"
    with Postgres(directory, binaries=binaries, durable=False, port=free_port()) as server:
        yield server.url


@pytest.fixture
def other(other_server: str) -> str:
    """An empty database elsewhere."""
    return new_database(other_server)


def fill(sql: Sql) -> None:
    user = sql.value("SELECT id FROM users")
    texts = [(user, text, extra) for text in NAUGHTY for extra in (None, "", text)]
    texts.append((user, "t" * 255, "🎉" * 1000))
    sql.many("INSERT INTO tasks (user_id, title, description) VALUES ($1, $2, $3)", texts)
    sql.value(REMEMBER, user, "\\.\t", bytes(range(256)))
    sql.value("UPDATE tasks SET completed = true, updated_at = now() WHERE description = ''")


@pytest.mark.parametrize("running", [True, False])
def test_every_row_arrives(embedded: Program, source: Sql, other: str, running: bool) -> None:
    fill(source)
    before = everything(source)
    if not running:
        assert embedded.stop() == 0
    script = dump(embedded.directory).stdout
    assert embedded.running() == running
    assert psql(other, script) == 0
    with Sql(other) as target:
        assert everything(target) == before
    assert all(before.values())
    assert len(before["tasks"]) == 3 * len(NAUGHTY) + 1
    if not running:
        embedded.start()  # nothing of the dump's stands in its way


def test_tables_that_are_there_are_filled(embedded: Program, source: Sql, other: str) -> None:
    fill(source)
    with Sql(other) as target:
        target.script(SCHEMA)
        indexes = target.rows(INDEXES)
        assert psql(other, dump(embedded.directory).stdout) == 0
        assert everything(target) == everything(source)
        assert target.rows(INDEXES) == indexes


def test_it_is_all_or_nothing(embedded: Program, source: Sql, other: str) -> None:
    fill(source)
    script = dump(embedded.directory).stdout
    with Sql(other) as target:
        for end in range(1000, len(script), len(script) // 7):
            psql(other, script[:end])
            assert not target.value("SELECT to_regclass('users')")
        target.script(SCHEMA)
        email = source.value("SELECT email FROM users")
        target.value("INSERT INTO users (email, password_hash) VALUES ($1, '!')", email)
        before = everything(target)
        assert psql(other, script) == 3
        assert everything(target) == before


def test_it_is_the_data_of_one_moment(embedded: Program, source: Sql, postgres: str) -> None:
    """Users are read before tasks: one that comes in between must not show up with its task."""
    source.value(ADD_MANY)
    done = threading.Event()

    def add_users_with_a_task() -> None:
        with Sql(url_of(embedded)) as sql:
            while not done.is_set():
                sql.value(ADD_BOTH, new_email())

    writer = threading.Thread(target=add_users_with_a_task)
    writer.start()
    try:
        scripts = [dump(embedded.directory).stdout for _ in range(3)]
    finally:
        done.set()
        writer.join()
    for script in scripts:
        assert b"\tnew\t" in script
        assert psql(new_database(postgres), script) == 0


def test_tables_of_plugins_go_with_it(embedded: Program, source: Sql, other: str) -> None:
    (embedded.directory / "mine").mkdir(exist_ok=True)
    (embedded.directory / "mine/notes.py").write_text(PLUGIN)
    source.script(NOTES)
    done = dump(embedded.directory, PLUGINS="mine.notes", PYTHONPATH=".")
    assert done.stderr == b""
    assert psql(other, done.stdout) == 0
    with Sql(other) as target:
        assert everything(target) == everything(source)
        added = """INSERT INTO "Odd notes" ("select") VALUES ('c') RETURNING (id, twice)"""
        assert target.value(added) == (3, 6)
    without = dump(embedded.directory)
    assert b"table Odd notes is left out" in without.stderr
    assert b"Odd notes" not in without.stdout
