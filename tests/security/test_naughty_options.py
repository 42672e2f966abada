"""Pages and Idempotency-Key: odd values are refused, or kept as they are."""

import pytest

from tests.security.naughty import STORABLE
from tests.support import expect, raw_http
from tests.support.program import Program
from tests.support.tokens import bearer
from tests.support.users import User

pytestmark = pytest.mark.slow

ODD_LIMITS = [
    *("", "0", "-1", "+1", "1.0", "1e2", "0x1", "1_0", " 1", "1 ", "1\0", "1;1", "1,1", "١", "１"),
    *("1001", "9" * 20, "9" * 5000, "NaN", "all", "ALL", "1 OFFSET 1", "(SELECT 1)", "[1]"),
]
ONE_LINE = {name: text for name, text in STORABLE.items() if not {*"\r\n"} & {*text}}


@pytest.mark.parametrize("limit", [*ODD_LIMITS, *STORABLE.values()], ids=ascii)
def test_an_odd_limit_is_400(alice: User, limit: str) -> None:
    expect.error(alice.get("/api/tasks", params={"limit": limit[:100]}), 400)


def test_an_odd_position_is_404(alice: User) -> None:
    task_id = alice.add()["id"]
    positions = [
        *STORABLE.values(),
        *(f"{task_id},", f" {task_id}", f"{task_id}\0", f"{{{task_id}}}", f"urn:uuid:{task_id}"),
        *(task_id.replace("-", ""), f"{task_id}' OR '1'='1", "0", "null", ",", "", "*"),
    ]
    for position in positions:
        answer = alice.get("/api/tasks", params={"after": position[:200]})
        expect.error(answer, 404, "Task not found")


@pytest.mark.parametrize("name", ONE_LINE)
def test_an_odd_idempotency_key_is_refused_or_kept(
    service: Program, alice: User, name: str
) -> None:
    key = ONE_LINE[name].encode().decode("latin-1")
    headers = {"Idempotency-Key": key, "Content-Length": "13"} | bearer(alice.token)
    answers = [
        raw_http.send(service.port, "POST", "/api/tasks", headers, [b'{"title":"a"}'])
        for _ in range(2)
    ]
    assert answers[0].status_code == answers[1].status_code
    if answers[0].status_code == 201:
        assert answers[0].json() == answers[1].json() == {"task": alice.tasks()[0]}
        assert len(alice.tasks()) == 1
    else:
        expect.error(answers[0], 400)
        assert alice.tasks() == []
