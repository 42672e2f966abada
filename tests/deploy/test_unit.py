"""deploy/todo.service: what systemd says of it, and the single file under it, on a machine."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import settings_for
from tests.contract import test_end_to_end
from tests.deploy.machine import Machine, what_is_missing
from tests.deploy.onefile import built
from tests.support.program import eventually
from tests.support.sql import new_database

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/todo.service"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 3.0
WRONG = "[Service]\nEnvironmentFile=\nEnvironment=DB_POOL_SIZE=none\n"
DYNAMIC = 61184  # the first user id that DynamicUser= hands out

onefile = pytest.fixture(built, scope="module")

needs_analyze = pytest.mark.skipif(not ANALYZE, reason="needs systemd-analyze")


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)


@needs_analyze
def test_it_is_exposed_to_little(figure: Callable[[str, object], None]) -> None:
    done = analyze("security", "--offline=true", UNIT)
    found = re.search(r"Overall exposure level for todo.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    figure("todo.service, exposure (0 to 10)", found[1])
    assert float(found[1]) < MOST_EXPOSED


@needs_analyze
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert "ExecStart=/usr/local/bin/todo\n" in text
    unit = tmp_path / "todo.service"
    unit.write_text(text.replace("/usr/local/bin/todo", "/bin/true"))
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def environment(postgres: str) -> dict[str, str]:
    return settings_for(new_database(postgres))


@pytest.fixture(scope="module")
def machine(open_directory: Path, onefile: Path, environment: dict[str, str]) -> Iterator[Machine]:
    """A machine with the single file, the unit and its settings."""
    directory = open_directory / "machine"
    directory.mkdir()
    settings = "".join(f"{name}={value}\n" for name, value in environment.items())
    with Machine(directory) as machine:
        machine.put(onefile.read_bytes(), "/usr/local/bin/todo", "755")
        machine.put(UNIT.read_bytes(), "/etc/systemd/system/todo.service")
        machine.put(settings.encode(), "/etc/todo.env", "600")
        machine.shell("systemctl daemon-reload")
        yield machine


@pytest.fixture
def http(machine: Machine, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the service, which has been started."""
    done = machine.run("systemctl", "start", "todo")
    assert done.returncode == 0, done.stderr
    with httpx.Client(base_url=f"http://127.0.0.1:{environment['PORT']}", timeout=20) as http:
        assert eventually(lambda: healthy(http), seconds=20), machine.log("todo")
        yield http


def healthy(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


needs_machine = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())


@needs_machine
@pytest.mark.slow
def test_the_single_file_serves_with_next_to_no_rights(
    machine: Machine, http: httpx.Client
) -> None:
    test_end_to_end.test_two_people_keep_their_lists(http)
    assert http.get("/docs").status_code == 200
    about = machine.about("todo")
    status = dict(
        re.findall(r"(\w+):\t(.*)", machine.shell(f"cat /proc/{about['MainPID']}/status"))
    )
    assert int(status["Uid"].split()[0]) >= DYNAMIC
    assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert machine.run("stat", "--format=%a", "/var/lib/private/todo").stdout == "700\n"


@needs_machine
@pytest.mark.slow
def test_it_stops_in_order_and_leaves_nothing(
    machine: Machine, http: httpx.Client, figure: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    assert machine.run("systemctl", "stop", "todo").returncode == 0
    figure("todo.service, gone after", f"{time.monotonic() - began:.2f} s")
    assert machine.about("todo")["ActiveState"] == "inactive"
    assert "todo.service: Deactivated successfully." in machine.log("todo")
    assert "Killing process" not in machine.log("todo")
    found = machine.run("find", "/", "-name", "_MEI*", "-not", "-path", "/proc/*")
    assert found.stdout == ""


@needs_machine
@pytest.mark.slow
def test_it_is_started_again_after_a_kill(
    machine: Machine, http: httpx.Client, figure: Callable[[str, object], None]
) -> None:
    before = machine.about("todo")["MainPID"]
    killed = machine.run("kill", "-9", before)
    assert killed.returncode == 0, killed.stderr
    began = time.monotonic()
    assert eventually(lambda: machine.about("todo")["MainPID"] not in {before, "0"}, seconds=10)
    assert eventually(lambda: healthy(http), seconds=20), machine.log("todo")
    figure("todo.service, after kill -9 ready again in", f"{time.monotonic() - began:.2f} s")


@needs_machine
@pytest.mark.slow
def test_wrong_settings_end_it_for_good(machine: Machine) -> None:
    folder = "/run/systemd/system/todo.service.d"
    machine.shell("systemctl stop todo")
    machine.put(WRONG.encode(), f"{folder}/wrong.conf")
    machine.shell("systemctl daemon-reload; systemctl start todo")
    try:
        assert eventually(lambda: machine.about("todo")["ActiveState"] == "failed", seconds=20)
        time.sleep(3)
        about = machine.about("todo")
        assert (about["ActiveState"], about["NRestarts"]) == ("failed", "0")
        assert about["ExecMainStatus"] == "2"
        for name in ("DATABASE_URL", "BETTER_AUTH_SECRET", "FRONTEND_URL", "DB_POOL_SIZE"):
            assert f"error: {name}: " in machine.log("todo")
    finally:
        machine.shell(f"rm -r {folder}; systemctl daemon-reload; systemctl reset-failed todo")
