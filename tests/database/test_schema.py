"""schema.sql and the SQLModel tables are one schema; the start creates what is missing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.support import expect
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

SCHEMA = (Path(__file__).parents[2] / "schema.sql").read_text()
CATALOG = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
               column_default, datetime_precision
        FROM information_schema.columns WHERE table_schema = 'public'
        ORDER BY table_name, ordinal_position""",
    "constraints": """
        SELECT conrelid::regclass::text AS name, conname, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' ORDER BY 1, 2""",
}
WORKERS = ("1", "1", "2")  # of each program that starts
ROUNDS = 2
TRIES = 10
BEFORE_LOCK_TIMEOUT = 2.5  # seconds; the service waits 3 s for a lock
AT_THE_GATE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'todo' AND wait_event_type = 'Lock'"""
ROLLED_BACK = "SELECT xact_rollback FROM pg_stat_database WHERE datname = $1"
LIST = "EXPLAIN SELECT * FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id"


@pytest.fixture
def from_file(postgres: str) -> str:
    """A database that schema.sql was loaded into."""
    url = new_database(postgres)
    with Sql(url) as database:
        database.script(SCHEMA)
    return url


def catalog(url: str) -> dict[str, list[dict[str, object]]]:
    with Sql(url) as database:
        return {name: database.rows(query) for name, query in CATALOG.items()}


def test_the_file_and_the_tables_make_equal_catalogs(
    start: Callable[..., Program], postgres: str, from_file: str
) -> None:
    created = new_database(postgres)
    start(created)
    assert catalog(created) == catalog(from_file)
    assert len(catalog(created)["columns"]) >= 11


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE tasks ALTER title TYPE varchar(254)",
        "ALTER TABLE tasks DROP CONSTRAINT tasks_title_not_blank_check",
        "ALTER TABLE users ALTER created_at DROP DEFAULT",
        "ALTER TABLE tasks ALTER description SET NOT NULL",
        "DROP INDEX tasks_list_idx",
        "ALTER TABLE tasks DROP CONSTRAINT tasks_user_id_fkey",
    ],
)
def test_the_comparison_sees_every_kind_of_difference(
    postgres: str, from_file: str, change: str
) -> None:
    before = catalog(from_file)
    with Sql(from_file) as database:
        database.script(change)
    assert catalog(from_file) != before


@pytest.mark.parametrize(
    "row",
    [
        "users (email, password_hash) VALUES ('Ada@example.com', '!')",
        "users (email, password_hash) VALUES (repeat('a', 256), '!')",
        "tasks (title, user_id) SELECT '  ', id FROM users",
        "tasks (title, user_id) SELECT repeat('a', 256), id FROM users",
        "tasks (title, description, user_id) SELECT 'a', repeat('a', 1001), id FROM users",
        "tasks (title, user_id) VALUES ('a', gen_random_uuid())",
    ],
)
def test_the_database_itself_holds_what_the_api_promises(from_file: str, row: str) -> None:
    with Sql(from_file) as database:
        database.script("INSERT INTO users (email, password_hash) VALUES ('ada@example.com', '!')")
        with pytest.raises(Exception, match=r"violates|too long"):
            database.script(f"INSERT INTO {row}")


def test_a_users_tasks_go_with_the_user(from_file: str) -> None:
    with Sql(from_file) as database:
        database.script("INSERT INTO users (email, password_hash) VALUES ('ada@example.com', '!')")
        database.script("INSERT INTO tasks (title, user_id) SELECT 'a', id FROM users")
        database.script("DELETE FROM users")
        assert database.value("SELECT count(*) FROM tasks") == 0


def test_the_list_is_read_in_the_order_of_its_index(from_file: str) -> None:
    with Sql(from_file) as database:
        database.script("""
            INSERT INTO users (email, password_hash)
                SELECT n || '@example.com', '!' FROM generate_series(1, 1000) AS n;
            INSERT INTO tasks (title, description, user_id, created_at)
                SELECT 'a', repeat('a', 80), id, now() - n * interval '1 min'
                FROM users, generate_series(1, 20) AS n ORDER BY n DESC;
            ANALYZE; SET random_page_cost = 1.1""")
        owner = database.value("SELECT min(user_id::text)::uuid FROM tasks")
        plan = "\n".join(row["QUERY PLAN"] for row in database.rows(LIST, owner))
    assert "tasks_list_idx" in plan
    assert "Sort" not in plan


def test_programs_that_start_at_once_on_an_empty_database_do_not_stumble_over_each_other(
    start: Callable[..., Program], postgres: str
) -> None:
    met = 0
    for _ in range(TRIES):
        url = new_database(postgres)
        with Sql(url) as gate, Sql(url) as watcher, ThreadPoolExecutor(len(WORKERS)) as runners:
            gate.script("BEGIN; CREATE TABLE users ()")  # whoever makes one too waits for us
            starting = [runners.submit(start, url, WEB_CONCURRENCY=each) for each in WORKERS]
            met += all_meet(watcher)
            gate.script("ROLLBACK")
        programs = [each.result() for each in starting]
        with Sql(postgres) as server:
            # One is ours. Who stumbles tries again: nothing else tells of it.
            assert eventually(partial(server.value, ROLLED_BACK, urlsplit(url).path[1:])) == 1
        for program in programs:
            writes(program)
            program.stop()
        if met == ROUNDS:
            break
    assert met == ROUNDS


def all_meet(watcher: Sql) -> bool:
    """Come back when all programs wait at the gate, or before the first gives up waiting."""
    assert eventually(lambda: watcher.value(AT_THE_GATE) > 0, seconds=20)
    return eventually(lambda: watcher.value(AT_THE_GATE) == len(WORKERS), BEFORE_LOCK_TIMEOUT)


def writes(program: Program) -> None:
    """It is ready, and somebody adds a task, twice with one key and once without."""
    with httpx.Client(base_url=program.url) as http:
        assert http.get("/health/ready").status_code == 200
        user = User(http, str(uuid4()), new_email())
        options = {"json": {"title": "Buy milk"}, "headers": {"Idempotency-Key": "a"}}
        once, again = (user.post("/api/tasks", **options) for _ in range(2))
        task = expect.task(once, 201)
        assert again.json() == {"task": task}
        bread = user.add("Buy bread")
        assert user.tasks() == [bread, task]


def test_a_role_without_the_right_to_create_tables_suffices(
    start: Callable[..., Program], postgres: str, from_file: str
) -> None:
    with Sql(from_file) as database:
        database.script("""
            DROP ROLE IF EXISTS worker; CREATE ROLE worker LOGIN;
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            GRANT SELECT, INSERT, UPDATE, DELETE ON users, tasks, idempotency_keys TO worker""")
    writes(start(from_file.replace("//todo@", "//worker@")))
