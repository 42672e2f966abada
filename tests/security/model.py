"""A model of the service: what a user has, and so what everything they ask is answered."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self
from uuid import uuid4

import httpx

from tests.security.privacy import Privacy
from tests.support import expect
from tests.support.users import Task, User

Fields = dict[str, Any]
SENTENCES = {403: "Access denied", 404: "Task not found"}


class Step(NamedTuple):
    """One request; `number` chooses one of the tasks there are when it is sent."""

    kind: str
    number: int
    fields: Fields


class Caller:
    """A user who asks one thing after the other: each answer has to be what the model says.

    Where several callers are one user at the same time, each knows only tasks of its own.
    """

    def __init__(self, user: User, privacy: Privacy, stray: Fields, marker: str = "") -> None:
        """`stray` goes into all bodies, to no effect, and `marker` into all of the user's text."""
        self.user = user
        self.privacy = privacy
        self.stray = stray
        self.marker = marker or uuid4().hex
        self.tasks: dict[str, Task] = {}
        self.gone: set[str] = set()
        self.refused: list[tuple[str, int]] = []
        self.alone = True
        privacy.claim(user.id, user.id, user.email, self.marker)

    def split(self, parts: int) -> list[Self]:
        """Several callers that are this user, with the tasks shared out among them."""
        callers = [
            type(self)(self.user, self.privacy, self.stray, self.marker) for _ in range(parts)
        ]
        for number, task in enumerate(self.tasks.values()):
            callers[number % parts].tasks[task["id"]] = task
        for caller in callers:
            caller.alone = parts == 1
        return callers

    def join(self, callers: Iterable[Self]) -> None:
        """Take over what became of the tasks that were shared out, and what was refused."""
        self.tasks, self.refused = {}, []
        for caller in callers:
            self.tasks |= caller.tasks
            self.gone |= caller.gone
            self.refused += caller.refused

    def work(self, steps: Iterable[Step], foreign: Sequence[str]) -> None:
        """Take some steps; `foreign` are tasks that others have, or had a moment ago."""
        for kind, number, fields in steps:
            own = list(self.tasks)
            match kind:
                case "create":
                    self.create(fields)
                case "read" if own:
                    self.read(own[number % len(own)])
                case "change" if own:
                    self.change(own[number % len(own)], fields)
                case "delete" if own:
                    self.delete(own[number % len(own)])
                case "intrude" if foreign:
                    task_id = foreign[number % len(foreign)]
                    self.refused.append((task_id, self.intrude("PUT", task_id, {403, 404})))
                case _:
                    self.list_tasks()

    def create(self, fields: Fields) -> str | None:
        """Add a task; its id, or None where the fields are refused."""
        sent = self._marked(fields)
        answer = self._ask("POST", "", sent)
        if _blank(sent.get("title")):
            expect.error(answer, 400, "Title is required")
            return None
        task = expect.task(answer, 201)
        kept = {"description": None} | sent | {"completed": False, "user_id": self.user.id}
        assert task == task | kept
        assert all(task["created_at"] > each["created_at"] for each in self.tasks.values())
        self.privacy.claim(self.user.id, task["id"])
        self.tasks[task["id"]] = task
        return str(task["id"])

    def read(self, task_id: str) -> None:
        assert expect.task(self._ask("GET", task_id)) == self.tasks[task_id]

    def change(self, task_id: str, fields: Fields) -> None:
        sent = self._marked(fields)
        answer = self._ask("PUT", task_id, sent)
        if complaint := _complaint(sent):
            expect.error(answer, 400, complaint)
            return
        before, task = self.tasks[task_id], expect.task(answer)
        assert task == before | sent | {"updated_at": task["updated_at"]}
        assert task["updated_at"] > before["updated_at"]
        self.tasks[task_id] = task

    def delete(self, task_id: str) -> None:
        answer = self._ask("DELETE", task_id)
        assert (answer.status_code, answer.content) == (204, b"")
        del self.tasks[task_id]
        self.gone.add(task_id)

    def intrude(self, method: str, task_id: str, statuses: set[int]) -> int:
        """Ask for what is none of one's own tasks; how it was refused."""
        answer = self._ask(method, task_id, {"title": self.marker})
        assert answer.status_code in statuses
        expect.error(answer, answer.status_code, SENTENCES[answer.status_code])
        return answer.status_code

    def list_tasks(self) -> None:
        self.listed(self._ask("GET", ""))

    def listed(self, answer: httpx.Response) -> None:
        """Hold a list against the model: newest first, all of one's own and nothing else."""
        assert answer.status_code == 200
        found = answer.json()["tasks"]
        assert {task["user_id"] for task in found} <= {self.user.id}
        assert not self.gone & {task["id"] for task in found}
        assert found == _newest_first(found)
        assert [task for task in found if self.alone or task["id"] in self.tasks] == _newest_first(
            self.tasks.values()
        )

    def _marked(self, fields: Fields) -> Fields:
        return {
            name: f"{self.marker}{value}" if isinstance(value, str) and not _blank(value) else value
            for name, value in fields.items()
        }

    def _ask(self, method: str, task_id: str, body: Fields | None = None) -> httpx.Response:
        path = f"/api/tasks/{task_id}" if task_id else "/api/tasks"
        content = None if body is None else self.stray | body
        return self.privacy.record(self.user.id, self.user.call(method, path, json=content))


def _newest_first(tasks: Iterable[Task]) -> list[Task]:
    by_id = sorted(tasks, key=lambda task: str(task["id"]))
    return sorted(by_id, key=lambda task: str(task["created_at"]), reverse=True)


def _blank(text: str | None) -> bool:
    return not (text and text.strip())


def _complaint(change: Fields) -> str:
    blank = "title" in change and _blank(change["title"])
    unclear = "completed" in change and change["completed"] is None
    sentences = {"Title cannot be empty": blank, "Completed must be true or false": unclear}
    return "; ".join(sentence for sentence, fits in sentences.items() if fits)
