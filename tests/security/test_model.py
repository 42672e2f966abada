"""Users at work, one by one and all at once, held against a model of the service (Hypothesis)."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.security.burst import at_once, lists_in_one_moment
from tests.security.model import Caller, Fields, Step
from tests.security.privacy import Privacy
from tests.support import expect
from tests.support.program import Program, has_stack_trace
from tests.support.sql import Sql
from tests.support.tokens import HEADER, bearer, claims, forge, in_seconds, sign, without
from tests.support.users import User, add_user, new_email

WITH_ROW = ("ann", "ben")
PROVISIONED = ("cleo", "dan")  # Better Auth made them: no row before their first write
NAMES = (*WITH_ROW, *PROVISIONED)
WRONG: list[Callable[[User], str]] = [
    lambda user: sign(claims(user.id), secret="some other secret, which is long enough"),
    lambda user: sign(claims(user.id, exp=in_seconds(-1))),
    lambda user: sign(without(claims(user.id), "exp")),
    lambda user: sign(claims(user.id, sub=str(uuid4()))),
    lambda user: sign(without(claims(user.id, userId=user.id), "sub", "user_id")),
    lambda user: forge(claims(user.id), HEADER | {"alg": "none"}),
    lambda user: user.token[:-2],
]
names = st.sampled_from(NAMES)
methods = st.sampled_from(["GET", "PUT", "DELETE"])
visible = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=50)
texts = visible | st.sampled_from([None, "", " \t"])
new = st.fixed_dictionaries({"title": texts}, optional={"description": texts})
changes = st.fixed_dictionaries(
    {}, optional={"title": texts, "description": texts, "completed": st.none() | st.booleans()}
)
kinds = st.sampled_from(["create", "read", "change", "delete", "intrude", "list"])
steps = st.lists(st.builds(Step, kinds, st.integers(0, 20), changes), min_size=1, max_size=5)
plans = st.dictionaries(names, st.lists(steps, min_size=1, max_size=2), min_size=2)


class Users(RuleBasedStateMachine):
    """Four users; after whatever one or all of them did, all of them list their tasks."""

    ids = Bundle("ids")

    def __init__(self, service: Program, http: httpx.Client, sql: Sql, tally: Counter[str]) -> None:
        super().__init__()
        self.port = service.port
        self.http = http
        self.tally = tally
        self.privacy = Privacy()
        users = [add_user(sql, http) for _ in WITH_ROW]
        users += [User(http, str(uuid4()), new_email()) for _ in PROVISIONED]
        self.callers = {
            name: Caller(user, self.privacy, stray={"id": str(uuid4()), "user_id": other.id})
            for name, user, other in zip(NAMES, users, reversed(users), strict=True)
        }

    @initialize(target=ids)
    def begin(self) -> Any:
        return multiple(*(self.callers[name].create({"title": "-"}) for name in NAMES[:3]))

    @rule(target=ids, name=names, fields=new)
    def create(self, name: str, fields: Fields) -> Any:
        return multiple(*filter(None, [self.callers[name].create(fields)]))

    @rule(name=names, task_id=ids)
    def read(self, name: str, task_id: str) -> None:
        if self.owns(name, task_id):
            self.callers[name].read(task_id)
        else:
            self.intrude("GET", name, task_id)

    @rule(name=names, task_id=ids, fields=changes)
    def change(self, name: str, task_id: str, fields: Fields) -> None:
        if self.owns(name, task_id):
            self.callers[name].change(task_id, fields)
        else:
            self.intrude("PUT", name, task_id)

    @rule(name=names, task_id=ids)
    def delete(self, name: str, task_id: str) -> None:
        if self.owns(name, task_id):
            self.callers[name].delete(task_id)
        else:
            self.intrude("DELETE", name, task_id)

    @rule(name=names, method=methods, task_id=st.uuids(version=4))
    def ask_for_what_never_was(self, name: str, method: str, task_id: UUID) -> None:
        self.intrude(method, name, str(task_id))

    @rule(name=names, method=methods, task_id=ids, wrong=st.sampled_from(WRONG))
    def ask_with_a_wrong_token(
        self, name: str, method: str, task_id: str, wrong: Callable[[User], str]
    ) -> None:
        headers = bearer(wrong(self.callers[name].user))
        answer = self.http.request(method, f"/api/tasks/{task_id}", headers=headers)
        expect.unauthorized(self.privacy.record("nobody", answer))

    @rule(target=ids, plan=plans)
    def work_at_once(self, plan: dict[str, list[list[Step]]]) -> Any:
        """Where a user is there twice, the tasks are shared out between the two."""
        before = self.tasks()
        parts = {name: self.callers[name].split(len(plan[name])) for name in plan}
        at_once(
            partial(caller.work, entry, [each for each in before if not self.owns(name, each)])
            for name in plan
            for caller, entry in zip(parts[name], plan[name], strict=True)
        )
        for name in plan:
            self.callers[name].join(parts[name])
        after = self.tasks()
        for task_id, status in (each for name in plan for each in self.callers[name].refused):
            assert status in {before[task_id], after[task_id]}
        self.tally["bursts"] += 1
        return multiple(*(task_id for task_id in after if task_id not in before))

    @invariant()
    def each_lists_its_own_tasks_only(self) -> None:
        """Eight lists in one moment, which the service reads in few batches."""
        callers = [*self.callers.values()] * 2
        answers = lists_in_one_moment(self.port, [caller.user for caller in callers])
        for caller, answer in zip(callers, answers, strict=True):
            self.privacy.record(caller.user.id, answer)
        self.tally["answers"] += len(self.privacy.unread)
        leaks = self.privacy.leaks()
        self.tally["leaks"] += len(leaks)
        assert leaks == []
        for caller, answer in zip(callers, answers, strict=True):
            caller.listed(answer)

    def owns(self, name: str, task_id: str) -> bool:
        return task_id in self.callers[name].tasks

    def tasks(self) -> dict[str, int]:
        """Every task there is or was, and how anyone but its owner is refused."""
        callers = self.callers.values()
        gone = dict.fromkeys((each for caller in callers for each in caller.gone), 404)
        return gone | dict.fromkeys((each for caller in callers for each in caller.tasks), 403)

    def intrude(self, method: str, name: str, task_id: str) -> None:
        self.callers[name].intrude(method, task_id, {self.tasks().get(task_id, 404)})


@pytest.mark.parametrize(
    ("examples", "steps"),
    [pytest.param(8, 20, id="short"), pytest.param(120, 50, id="long", marks=pytest.mark.slow)],
)
def test_every_answer_is_what_the_model_says_and_nothing_of_anyone_else(
    service: Program,
    http: httpx.Client,
    sql: Sql,
    figure: Callable[[str, object], None],
    examples: int,
    steps: int,
) -> None:
    tally: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Users(service, http, sql, tally),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 100,
            print_blob=True,
        ),
    )
    figure(
        f"four users against a model, {examples} times {steps} steps",
        f"{tally['answers']} answers, {tally['bursts']} bursts, {tally['leaks']} leaks",
    )
    assert tally["answers"] > 100 * examples
    assert tally["bursts"] > examples // 2
    assert [record for record in service.records() if has_stack_trace(record)] == []
