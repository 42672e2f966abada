"""A bug in a handler: one 500 of our shape, one record with the stack trace, and on it goes."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND
from tests.support import expect
from tests.support.program import Program, eventually, has_stack_trace
from tests.support.tokens import SECRET
from tests.support.users import User, new_email

GUEST = '''
from core.body import Body
from core.plugin import Plugin

plugin = Plugin("buggy", prefix="/api/bug")

class Anything(Body):
    """A body."""

@plugin.get("", public=True)
async def divide(request):
    """Divide by nothing."""
    return {"result": 1 / 0}

@plugin.post("")
async def look_up(request, body: Anything):
    """Look up what is not there."""
    return {"result": {}["a secret of ours"]}

@plugin.put("", public=True)
async def answer_oddly(request):
    """Give an answer that cannot be sent."""
    return {"result": object()}
'''
BUGS = {"GET": "ZeroDivisionError", "POST": "KeyError", "PUT": "object"}


@pytest.fixture(scope="module")
def buggy(
    start: Callable[..., Program], database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Program:
    directory = tmp_path_factory.mktemp("buggy")
    (directory / "mine").mkdir()
    (directory / "mine" / "buggy.py").write_text(GUEST)
    return start(database_url, PLUGINS="tasks,health,mine.buggy", PYTHONPATH=str(directory))


@pytest.mark.parametrize("method", BUGS)
def test_a_bug_is_a_500_and_one_record_and_the_next_request_is_served(
    buggy: Program, method: str
) -> None:
    request_id = uuid4().hex
    headers = {"Origin": FRONTEND, "X-Request-ID": request_id}
    body = None if method == "GET" else {}
    with httpx.Client(base_url=buggy.url) as http:
        user = User(http, str(uuid4()), new_email())
        before = len([record for record in buggy.records() if has_stack_trace(record)])
        answer = user.call(method, "/api/bug", headers=headers, json=body)
        expect.error(answer, 500, "Internal server error")
        assert answer.headers["x-request-id"] == request_id
        assert answer.headers["access-control-allow-origin"] == FRONTEND
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers.get("connection") != "close"
        assert user.add("Buy milk") == user.tasks()[0]
    assert eventually(lambda: buggy.records(request_id))
    (record,) = buggy.records(request_id)
    assert record["level"] == "error"
    assert record["message"].startswith(f"{method} /api/bug failed: ")
    assert BUGS[method] in record["message"]
    assert has_stack_trace(record)
    assert len([record for record in buggy.records() if has_stack_trace(record)]) == before + 1
    assert SECRET not in buggy.output()
    assert "eyJ" not in buggy.output()
