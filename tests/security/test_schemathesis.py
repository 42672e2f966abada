"""The service is what its OpenAPI document says, in requests made from it (Schemathesis)."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from core import plugin
from core.settings import Settings
from tests.support.program import Program, has_stack_trace
from tests.support.sql import new_database
from tests.support.tokens import bearer, claims, sign
from tests.support.users import new_email

pytestmark = pytest.mark.slow

HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
CONFIG = f"""
hooks = "{HOOKS}"
continue-on-failure = true
request-timeout = 10

[generation]
deterministic = true
database = "none"
max-examples = 100

[[operations]]
include-tag = "auth"
generation.max-examples = 15  # bcrypt takes 280 ms

[auth]
"""
AS_PEERS = 'wfc = { path = "people.json", peers = ["alice", "bob"] }'
AS_NOBODY = "auto-signup = false"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
PLUGINS = plugin.load(Settings.model_fields["plugins"].default)
DOCUMENTED = [each for found in PLUGINS for each in found.operations if each.documented]
PUBLIC, PRIVATE = (
    sorted(f"{each.method} {each.path}" for each in DOCUMENTED if each.public is not private)
    for private in (False, True)
)
Report = dict[str, Any]


@pytest.fixture
def checked(start: Callable[..., Program], postgres: str) -> Iterator[Program]:
    program = start(new_database(postgres))
    yield program
    program.stop()


def person(name: str) -> dict[str, object]:
    (header,) = bearer(sign(claims(str(uuid4()), email=new_email()))).items()
    return {"name": name, "fixedHeaders": [dict(zip(("name", "value"), header, strict=True))]}


def run(program: Program, directory: Path, callers: str) -> Report:
    """Schemathesis's report, in a process of its own: it brings a plugin for pytest along."""
    (directory / "config.toml").write_text(CONFIG + callers)
    people = {"auth": [person("alice"), person("bob")]}
    (directory / "people.json").write_text(json.dumps(people))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "config.toml"]
    command += ["run", f"{program.url}/openapi.json", "--checks", "all", "--no-color"]
    command += ["--phases", ",".join(PHASES), "--report-json-path", "report.json"]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, check=False, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [record for record in program.records() if has_stack_trace(record)] == []
    report: Report = json.loads((directory / "report.json").read_text())
    assert [report["phases"][name]["status"] for name in PHASES] == ["success"] * len(PHASES)
    assert report["operations"]["tested"] == len(DOCUMENTED)
    return report


def accepted(report: Report) -> list[str]:
    """The operations that answered with success at least once."""
    return sorted(
        name
        for name, phases in report["valid_rates"].items()
        if any(counts["accepted"] for counts in phases.values())
    )


def summary(report: Report) -> str:
    cases = report["test_cases"]
    return (
        f"{cases['generated']} requests in {report['running_time']:.0f} s, "
        f"{cases['with_failures']} findings, {report['filtered']} that JSON Schema cannot say"
    )


def warnings(report: Report) -> dict[str, list[Any]]:
    return {kind: found for kind, found in report["warnings"].items() if found}


def test_two_users_find_it_as_documented_and_nothing_of_each_other(
    checked: Program, tmp_path: Path, figure: Callable[[str, object], None]
) -> None:
    report = run(checked, tmp_path, AS_PEERS)
    figure("Schemathesis as two users", summary(report))
    assert accepted(report) == sorted(PUBLIC + PRIVATE)
    assert warnings(report) == {}
    assert report["test_cases"]["generated"] > 500


def test_nobody_finds_it_as_documented_and_nothing_of_anyone(
    checked: Program, tmp_path: Path, figure: Callable[[str, object], None]
) -> None:
    report = run(checked, tmp_path, AS_NOBODY)
    figure("Schemathesis without a token", summary(report))
    assert accepted(report) == PUBLIC
    assert warnings(report) == {"missing_auth": PRIVATE}
    assert report["test_cases"]["generated"] > 500
