"""Measuring: the contenders take turns in each scenario, under the same conditions."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.contenders import Contender
from benchmarks.data import Data, Request, requests_of, write_requests
from benchmarks.processes import CannotRun, cpu_seconds, memory_mib, running, wait_for

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 32
RESULT = re.compile(r"^RESULT (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)


class Row(NamedTuple):
    """One measurement of one contender."""

    contender: str
    scenario: str
    rate: float
    """Requests per second."""
    p95: float
    """Milliseconds."""
    cpu: float
    """Microseconds of the contender's CPU per request, without PostgreSQL."""
    database_cpu: float
    """The same of PostgreSQL."""


def start(contenders: list[Contender], folder: Path, resources: ExitStack) -> None:
    """Start the contenders one after the other, and note how long each takes."""
    for contender in contenders:
        log = folder / f"{contender.name}.log"
        begin = time.perf_counter()
        program = running(contender.command, log, contender.environment, contender.folder)
        process = resources.enter_context(program)
        wait_for(contender.url + contender.health, process, log)
        contender.pid, contender.start_seconds = process.pid, time.perf_counter() - begin


def measure(
    contenders: list[Contender],
    scenarios: list[str],
    data: Data,
    folder: Path,
    postgres_pid: int,
    rounds: int,
    seconds: int,
) -> Iterator[Row]:
    """All rows. Raises CannotRun where a contender gives a wrong response."""
    for scenario in scenarios:
        requests = requests_of(scenario, data)
        for contender in contenders:
            translated = [contender.translate(request) for request in requests]
            write_requests(translated, folder / f"{contender.name}-{scenario}")
            _check(contender, translated[0])
            _load(contender, folder / f"{contender.name}-{scenario}", 1)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)  # noqa: T201
        for scenario in scenarios:
            for contender in contenders:
                time.sleep(0.3)  # the servers finish what the last load left behind
                yield _row(contender, scenario, folder, postgres_pid, seconds)


def _check(contender: Contender, request: Request) -> None:
    """Send one request: a fast error must not be taken for a fast response."""
    headers = {"Authorization": f"Bearer {request.token}", "Content-Type": "application/json"}
    body = None if request.body is None else json.dumps(request.body).encode()
    url = contender.url + request.path
    sent = urllib.request.Request(url, body, headers, method=request.method)  # noqa: S310
    try:
        with urllib.request.urlopen(sent, timeout=10) as response:  # noqa: S310
            response.read()
    except OSError as error:
        raise CannotRun(f"{contender.name}: {request.method} {request.path}: {error}") from error


def _row(contender: Contender, scenario: str, folder: Path, postgres: int, seconds: int) -> Row:
    before = cpu_seconds(contender.pid), cpu_seconds(postgres)
    requests, duration, p95 = _load(contender, folder / f"{contender.name}-{scenario}", seconds)
    after = cpu_seconds(contender.pid), cpu_seconds(postgres)
    own, database = ((b - a) * 1e6 / requests for a, b in zip(before, after, strict=True))
    rate = requests / duration * 1e6
    return Row(contender.name, scenario, rate, p95 / 1000, own, database)


def _load(contender: Contender, requests: Path, seconds: int) -> tuple[int, int, int]:
    """Run wrk: the number of requests, the duration and the p95 in microseconds."""
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    wrk = subprocess.run(  # noqa: S603
        ["wrk", *options, contender.url],  # noqa: S607
        env=os.environ | {"REQUESTS": str(requests)},
        capture_output=True,
        check=False,
        text=True,
    )
    found = RESULT.search(wrk.stderr)
    if not found or found[3] != "0":
        raise CannotRun(f"{contender.name}: requests failed: {wrk.stdout}{wrk.stderr}")
    return int(found[1]), int(found[2]), int(found[4])


def memory(contenders: list[Contender]) -> dict[str, float]:
    """The memory of each contender in MiB."""
    return {contender.name: memory_mib(contender.pid) for contender in contenders}
