"""Caches of verified tokens and prepared statements are bounded and never out of date."""

import time
from collections.abc import Callable
from uuid import uuid4

import httpx

from core.accounts.tokens import CACHE_SIZE, Tokens
from tests.support import expect
from tests.support.program import Program
from tests.support.sql import Sql, new_database
from tests.support.tokens import SECRET, bearer, claims, sign
from tests.support.users import User, new_email

OTHER_SECRET = "another secret, which is as long as it ought to be"
SCHEMA_CHANGES = (
    "ALTER TABLE tasks ADD extra text DEFAULT 'x'",
    "ALTER TABLE tasks ALTER title TYPE text",
    "ALTER TABLE tasks DROP extra, ALTER title TYPE varchar(255)",
    "DROP INDEX tasks_list_idx",
)


def test_cached_token_expires(http: httpx.Client) -> None:
    exp = int(time.time()) + 2
    headers = bearer(sign(claims(str(uuid4()), exp=exp)))
    while time.time() < exp - 0.2:
        assert http.get("/api/tasks", headers=headers).status_code == 200
        time.sleep(0.05)
    time.sleep(max(0, exp - time.time()))
    expect.unauthorized(http.get("/api/tasks", headers=headers))


def test_token_cache_is_bounded_and_without_refused_tokens() -> None:
    tokens = Tokens(SECRET, 1)
    refused = f"Bearer {sign(claims(str(uuid4())), OTHER_SECRET)}".encode()
    assert tokens.identify([(b"authorization", refused)]) is None
    assert tokens.cached == 0
    for _ in range(CACHE_SIZE + 10):
        header = f"Bearer {tokens.issue(uuid4(), new_email())}".encode()
        assert tokens.identify([(b"authorization", header)])
    assert tokens.cached == CACHE_SIZE


def test_schema_changes_need_no_restart(start: Callable[..., Program], postgres: str) -> None:
    url = new_database(postgres)
    service = start(url)
    with httpx.Client(base_url=service.url) as http, Sql(url) as database:
        user = User(http, str(uuid4()), new_email())
        for change in SCHEMA_CHANGES:
            task = user.add("Buy milk")
            user.tasks()
            database.script(change)
            assert user.tasks()[0] == task
            assert user.get(f"/api/tasks/{task['id']}").status_code == 200
            assert user.put(f"/api/tasks/{task['id']}", json={"title": "b"}).status_code == 200
            assert user.add("Buy bread")
    service.kill()
