"""schema.sql and the SQLModel tables are one schema; the start creates what is missing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.markdown import ROOT
from tests.support.program import Program, eventually
from tests.support.routes import use_every_route
from tests.support.sql import Sql, new_database

CATALOG = """
    SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
           column_default, datetime_precision
    FROM information_schema.columns WHERE table_schema = 'public'
    ORDER BY table_name, ordinal_position;
    SELECT conrelid::regclass::text AS name, conname, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2;
    SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2
"""
CHANGES = [
    "ALTER TABLE tasks ALTER title TYPE varchar(254)",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_title_not_blank_check",
    "ALTER TABLE users ALTER created_at DROP DEFAULT",
    "ALTER TABLE tasks ALTER description SET NOT NULL",
    "DROP INDEX tasks_list_idx",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_user_id_fkey",
]
ADD_USER = "INSERT INTO users (email, password_hash) VALUES ('ada@example.com', '!')"
INVALID_ROWS = [
    "users (email, password_hash) VALUES ('Ada@example.com', '!')",
    "users (email, password_hash) VALUES (repeat('a', 256), '!')",
    "tasks (title, user_id) SELECT '  ', id FROM users",
    "tasks (title, user_id) SELECT repeat('a', 256), id FROM users",
    "tasks (title, description, user_id) SELECT 'a', repeat('a', 1001), id FROM users",
    "tasks (title, user_id) VALUES ('a', gen_random_uuid())",
]
MANY_TASKS = """
    INSERT INTO users (email, password_hash)
        SELECT n || '@example.com', '!' FROM generate_series(1, 1000) AS n;
    INSERT INTO tasks (title, description, user_id, created_at)
        SELECT 'a', repeat('a', 80), id, now() - n * interval '1 min'
        FROM users, generate_series(1, 20) AS n ORDER BY n DESC;
    ANALYZE; SET LOCAL random_page_cost = 1.1"""
LIST = "EXPLAIN SELECT * FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id"
WORKERS = ("1", "2")  # of each program that starts
ATTEMPTS = 10
BEFORE_LOCK_TIMEOUT = 2.5  # seconds; the service waits 3 s for a lock
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'todo' AND wait_event_type = 'Lock'"""
ROLLED_BACK = "SELECT xact_rollback FROM pg_stat_database WHERE datname = $1"


@pytest.fixture(scope="module")
def loaded(postgres: str) -> Iterator[Sql]:
    with Sql(new_database(postgres)) as database:
        database.script((ROOT / "schema.sql").read_text())
        yield database


@pytest.fixture
def from_file(loaded: Sql) -> Iterator[Sql]:
    """A database with schema.sql, in a transaction that is rolled back."""
    loaded.script("BEGIN")
    yield loaded
    loaded.script("ROLLBACK")


def catalog(database: Sql) -> list[list[dict[str, object]]]:
    """Columns, constraints and indexes."""
    return [database.rows(query) for query in CATALOG.split(";")]


def test_file_and_tables_make_equal_catalogs(sql: Sql, from_file: Sql) -> None:
    assert catalog(sql) == catalog(from_file)
    assert len(catalog(sql)[0]) >= 11


@pytest.mark.parametrize("change", CHANGES)
def test_comparison_finds_every_kind_of_difference(from_file: Sql, change: str) -> None:
    before = catalog(from_file)
    from_file.script(change)
    assert catalog(from_file) != before


@pytest.mark.parametrize("row", INVALID_ROWS)
def test_database_refuses_rows_that_the_api_never_writes(from_file: Sql, row: str) -> None:
    from_file.script(ADD_USER)
    with pytest.raises(Exception, match=r"violates|too long"):
        from_file.script(f"INSERT INTO {row}")


def test_tasks_are_deleted_with_their_user(from_file: Sql) -> None:
    from_file.script(ADD_USER)
    from_file.script("INSERT INTO tasks (title, user_id) SELECT 'a', id FROM users")
    from_file.script("DELETE FROM users")
    assert from_file.value("SELECT count(*) FROM tasks") == 0


def test_list_is_read_in_the_order_of_its_index(from_file: Sql) -> None:
    from_file.script(MANY_TASKS)
    owner = from_file.value("SELECT min(user_id::text)::uuid FROM tasks")
    plan = "\n".join(row["QUERY PLAN"] for row in from_file.rows(LIST, owner))
    assert "tasks_list_idx" in plan
    assert "Sort" not in plan


@pytest.mark.slow
def test_programs_can_start_at_once(start: Callable[..., Program], postgres: str) -> None:
    assert any(start_at_once(start, postgres) for _ in range(ATTEMPTS)), "they never met"


def start_at_once(start: Callable[..., Program], postgres: str) -> bool:
    """Start programs that all have to wait; False where one began to wait too late."""
    url = new_database(postgres)
    with Sql(url) as blocker, Sql(url) as observer, ThreadPoolExecutor() as threads:
        blocker.script("BEGIN; CREATE TABLE users ()")  # every other CREATE TABLE waits for it
        starting = [threads.submit(start, url, WEB_CONCURRENCY=each) for each in WORKERS]
        assert eventually(lambda: observer.value(WAITING), seconds=20)
        met = eventually(lambda: observer.value(WAITING) == len(WORKERS), BEFORE_LOCK_TIMEOUT)
        blocker.script("ROLLBACK")
    programs = [each.result() for each in starting]
    with Sql(postgres) as server:
        # The blocker's is the only one: a program that failed and tried again adds another.
        assert eventually(partial(server.value, ROLLED_BACK, urlsplit(url).path[1:])) == 1
    for program in programs:
        with httpx.Client(base_url=program.url) as http:
            use_every_route(http)
        program.kill()
    return met
