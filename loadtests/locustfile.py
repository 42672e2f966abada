"""The load as Locust knows it: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`.

Run it from the repository's root, with Locust's own options; name the users whom you want:

    locust -f loadtests/locustfile.py --host URL                        all, by their weights
    locust -f loadtests/locustfile.py --host URL Reader --headless -u 100 -r 100 -t 1m
    locust -f loadtests/locustfile.py,loadtests/shapes/spike.py --host URL Worker -u 200 -t 2m

The users are in users.py: Reader, Worker, Planner, Stranger, Returner. The shapes are spike, stairs
and soak: `-u` is their height, `-t` their length. At the start twelve accounts are signed up over
HTTP (with --processes by each); they and their tasks stay. `python -m loadtests` uses this file
too, and judges.
"""

import json
from pathlib import Path
from typing import Any

from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests import people
from loadtests.caller import Caller
from loadtests.users import Planner, Reader, Returner, Stranger, Worker

__all__ = ["Planner", "Reader", "Returner", "Stranger", "Worker"]


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """Options of our own; Locust insists on the parameter's name."""
    group = parser.add_argument_group("Todo")
    group.add_argument("--people", help="file with people to be, instead of signing up")
    group.add_argument("--results", help="file to write the figures to, as JSON")


@events.init.add_listener  # type: ignore[untyped-decorator]
@events.test_start.add_listener  # type: ignore[untyped-decorator]
def find_people(environment: Environment, **_: Any) -> None:
    """Have people whom the users can be: before the clock runs, or once the host is known."""
    if Caller.everybody or isinstance(environment.runner, MasterRunner):
        return
    if file := getattr(environment.parsed_options, "people", None):
        Caller.meet(people.read(Path(file)))
    elif environment.host:
        Caller.meet(people.sign_up(environment.host))


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def keep_results(environment: Environment, **_: Any) -> None:
    """Write down what was measured."""
    if file := getattr(environment.parsed_options, "results", None):
        stats = environment.stats
        found = {
            "entries": stats.serialize_stats(),
            "errors": stats.serialize_errors(),
            "exceptions": [each["traceback"] for each in environment.runner.exceptions.values()]
            if environment.runner
            else [],
        }
        Path(file).write_text(json.dumps(found))
