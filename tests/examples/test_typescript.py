"""The typed client of examples/typescript: it compiles, it finds mistakes, it works."""

import re

import pytest

from tests.support.node import Example
from tests.support.program import Program
from tests.support.sql import Sql

pytestmark = pytest.mark.slow

PLANTED = """
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";
const api = createClient<paths>();
const id = { params: { path: { id: "" } } };
const { data } = await api.GET("/api/tasks");
api.POST("/api/tasks", { body: { titel: "Buy milk" } }); // 'titel' does not exist
api.POST("/api/tasks", { body: { description: "2 l" } }); // Property 'title' is missing
api.POST("/api/auth/login", { body: { email: "" } }); // Property 'password' is missing
api.PUT("/api/tasks/{id}", { ...id, body: { completed: "yes" } }); // 'string' is not assignable
api.PUT("/api/tasks/{id}", { ...id, body: { title: null } }); // 'null' is not assignable
api.GET("/api/tasks/{id}"); // Expected 2 arguments
api.GET("/api/task", {}); // '"/api/task"' is not assignable
api.POST("/health", {}); // '"/health"' is not assignable
data?.tasks[0]?.done; // 'done' does not exist
data?.tasks[0]?.description.length; // possibly 'null'
data?.tasks[0].title; // possibly 'undefined'
data.tasks; // possibly 'undefined'
"""
SOUND = """
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";
const api = createClient<paths>();
const id = { params: { path: { id: "" } } };
await api.POST("/api/tasks", { body: { title: "Buy milk" } });
await api.POST("/api/tasks", { body: { title: "Buy milk", description: null } });
await api.PUT("/api/tasks/{id}", { ...id, body: {} });
await api.PUT("/api/tasks/{id}", { ...id, body: { description: null } });
await api.DELETE("/api/tasks/{id}", id);
"""
LIFE = """\
signed up: (?P<email>ada-[0-9a-f-]{36}@example\\.com)
logged in
created: \\[ \\] Buy milk
listed: \\[ \\] Buy milk
read: \\[ \\] Buy milk
changed: \\[x\\] Buy milk \\(2 l\\)
deleted
refused: 404 Task not found
refused: 400 Title is required
refused: 401 Unauthorized
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example with its types made."""
    example = Example("typescript", tmp_path_factory.mktemp("typescript"))
    done = example.npm_run("types")
    assert done.returncode == 0, done.stdout + done.stderr
    return example


def test_the_types_are_made_without_a_warning(example: Example) -> None:
    done = example.npm_run("types")
    said = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr).splitlines()
    assert len(said) == 2, said
    assert re.fullmatch(r"✨ openapi-typescript [\d.]+", said[0])
    assert re.fullmatch(r"🚀 \S+/openapi\.json → schema\.d\.ts \[\S+\]", said[1])


def test_mistakes_do_not_compile(example: Example) -> None:
    planted, sound = example.directory / "planted.ts", example.directory / "sound.ts"
    planted.write_text(PLANTED)
    sound.write_text(SOUND)
    try:
        said = example.npm_run("check").stdout
    finally:
        planted.unlink()
        sound.unlink()
    found = dict(re.findall(r"^planted\.ts\((\d+),\d+\): error (.+(?:\n .+)*)", said, re.MULTILINE))
    for number, line in enumerate(PLANTED.splitlines(), 1):
        _, _, mistake = line.partition(" // ")
        assert mistake in found.get(str(number), ""), line
        assert bool(mistake) == (str(number) in found), line
    assert [line for line in said.splitlines() if not line.startswith(("planted", " "))] == []


def test_the_client_lives_the_life_of_a_task(example: Example, service: Program, sql: Sql) -> None:
    done = example.npm_run("start", API_URL=service.url)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = re.search(rf"^{LIFE}\Z", done.stdout, re.MULTILINE)
    assert printed, done.stdout
    user_id = sql.value("SELECT id FROM users WHERE email = $1", printed["email"])
    assert user_id
    assert sql.value("SELECT count(*) FROM tasks WHERE user_id = $1", user_id) == 0
