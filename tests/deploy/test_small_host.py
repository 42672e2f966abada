"""docs/small-host.md as its reader follows it: on a machine of its own, to a service behind TLS."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedded.binaries import folders_of_system
from tests.deploy.machine import Machine, what_is_missing
from tests.deploy.nginx import PROGRAM as NGINX
from tests.deploy.onefile import built
from tests.support.program import eventually

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/small-host.md").read_text()
NAME = "api.example.com"
# Lines of the page for which there is no Internet here, and what they leave behind.
ELSEWHERE = ("scp ", "ssh ", "apt-get ", "certbot ")
BROUGHT = ("deploy/todo.service", "deploy/nginx.conf", "deploy/nginx-tls.conf")
SELF_SIGNED = ["openssl", "req", "-new", "-x509", "-nodes", "-subj", f"/CN={NAME}"]
CURL = (
    f"curl --silent --show-error --fail-with-body --cacert certificate.pem "
    f"--resolve {NAME}:443:127.0.0.1 --header 'Content-Type: application/json' https://{NAME}"
)
ACCOUNT = """--data '{"email": "ada@example.com", "password": "correct horse"}'"""

MISSING = what_is_missing() or ("" if NGINX and shutil.which("curl") else "needs nginx and curl")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

# Run as PostgreSQL's own account, with the folder of its programs: what a provider has done.
PROVIDE = """
initdb=$1/initdb pg_ctl=$1/pg_ctl data=$(mktemp --directory /tmp/provider.XXXX)
echo correct-horse >"$data.password"
"$initdb" --username=todo --auth=scram-sha-256 --pwfile="$data.password" "$data/main"
"$pg_ctl" --wait --pgdata="$data/main" --log="$data/log" --options='-p 6543 -k ""' start
"""
DATABASE_URL = "postgresql://todo:correct-horse@127.0.0.1:6543/postgres"

onefile = pytest.fixture(built, scope="module")


def block(name: str) -> str:
    """What stands between the page's markers of this name, without the fence."""
    found = re.search(
        rf"<!-- {name}:begin -->\n```sh\n(.*?)```\n<!-- {name}:end -->", PAGE, re.DOTALL
    )
    assert found, name
    return found[1]


def ten_lines() -> list[str]:
    return block("ten-lines").splitlines()


@contextmanager
def booted(directory: Path, onefile: Path) -> Iterator[Machine]:
    """A machine on a network of its own, with the files that the page has its reader bring."""
    directory.mkdir()
    files = ["-out", f"{directory}/certificate.pem", "-keyout", f"{directory}/key.pem"]
    names = ["-days", "2", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run([*SELF_SIGNED, *names, *files], check=True, capture_output=True)
    with Machine(directory, "--private-network") as machine:
        machine.put(onefile.read_bytes(), "/root/todo", "755")
        for path in (*map(ROOT.joinpath, BROUGHT), *directory.glob("*.pem")):
            machine.put(path.read_bytes(), f"/root/{path.name}")
        machine.shell("systemctl start nginx")  # as Debian does when it installs it
        yield machine


@pytest.fixture(scope="module")
def machine(open_directory: Path, onefile: Path) -> Iterator[Machine]:
    with booted(open_directory / "small-host", onefile) as machine:
        yield machine


@pytest.fixture(scope="module")
def served(machine: Machine) -> Machine:
    """The machine after the ten lines, with the embedded database and a certificate of its own."""
    machine.shell(block("embedded"))
    for line in ten_lines():
        if not line.startswith(ELSEWHERE) and "DATABASE_URL" not in line:
            machine.shell(line)
    machine.shell(block("certificate"))
    return machine


def ready(machine: Machine) -> bool:
    return '{"status":"healthy"}' in machine.run("sh", "-c", f"{CURL}/health/ready").stdout


def token(machine: Machine, way: str) -> str:
    found = re.search(r'"token":"([^"]+)"', machine.shell(f"{CURL}/api/auth/{way} {ACCOUNT}"))
    assert found
    return found[1]


def test_the_ten_lines_are_ten() -> None:
    lines = ten_lines()
    assert len(lines) == 10
    assert sum(line.startswith(ELSEWHERE) for line in lines) == len(ELSEWHERE)


def test_they_lead_to_a_service_on_a_database_elsewhere(
    open_directory: Path, onefile: Path
) -> None:
    """As they are printed, with the one thing filled in that the page leaves open."""
    with booted(open_directory / "small-host-elsewhere", onefile) as machine:
        programs = next(each for each in folders_of_system() if (each / "initdb").exists())
        account = ("runuser", "--user=postgres", "--", "bash", "-euc", PROVIDE, "-")
        done = machine.run(*account, str(programs))
        assert done.returncode == 0, done.stderr
        for line in ten_lines():
            if not line.startswith(ELSEWHERE):
                machine.shell(line.replace("postgresql://…", DATABASE_URL))
        machine.shell(block("certificate"))
        assert eventually(lambda: ready(machine), seconds=30), machine.log("todo")
        authorization = f"--header 'Authorization: Bearer {token(machine, 'signup')}'"
        title = """--data '{"title": "Buy milk"}'"""
        assert '"Buy milk"' in machine.shell(f"{CURL}/api/tasks {authorization} {title}")
        there = machine.shell(f"{programs}/psql --command='TABLE tasks' {DATABASE_URL}")
        assert "Buy milk" in there
        user = machine.shell("ps --no-headers -o user= $(pgrep --oldest todo)").strip()
        assert user == "todo"


def test_they_lead_to_a_service_behind_tls(served: Machine) -> None:
    assert eventually(lambda: ready(served), seconds=30), served.log("todo")
    authorization = f"--header 'Authorization: Bearer {token(served, 'signup')}'"
    title = """--data '{"title": "Buy milk"}'"""
    assert '"Buy milk"' in served.shell(f"{CURL}/api/tasks {authorization} {title}")
    assert '"Buy milk"' in served.shell(f"{CURL}/api/tasks {authorization}")
    assert served.shell("stat --format='%a %U' /etc/todo.env").split() == ["600", "root"]
    assert served.shell("systemctl is-enabled todo").strip() == "enabled"
    assert served.shell("stat --format=%U /proc/$(pgrep --oldest postgres)").strip() == "todo"


def test_the_backup_is_whole(served: Machine) -> None:
    served.shell(block("backup"))
    dump = served.shell("gunzip --stdout todo-*.sql.gz")
    assert "ada@example.com" in dump
    assert "Buy milk" in dump
    assert dump.rstrip().endswith("COMMIT;")


def test_the_update_keeps_the_data(served: Machine, onefile: Path) -> None:
    served.put(onefile.read_bytes(), "/root/todo", "755")
    served.shell(block("update"))
    assert eventually(lambda: ready(served), seconds=30), served.log("todo")
    authorization = f"--header 'Authorization: Bearer {token(served, 'login')}'"
    assert '"Buy milk"' in served.shell(f"{CURL}/api/tasks {authorization}")
