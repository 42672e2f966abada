"""The contract behind nginx: its tests run once more, against the address of nginx."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.deploy.nginx import UNLIMITED, Nginx
from tests.support.program import Program
from tests.support.sql import new_database

ROOT = Path(__file__).parents[2]
# nginx itself responds to a NUL in the path, to a second Authorization header and to a chunked
# body that is too large, and takes Accept-Ranges away from what it compresses.
DIFFERENT = (
    *("%00", "two_headers", "a_good_and_a_bad_header", "punycode, 72 bytes"),
    *("response_to_a_chunked_body", "range_is_ignored"),
)


def test_contract_holds_behind_nginx(
    start: Callable[..., Program], postgres: str, open_directory: Path
) -> None:
    database_url = new_database(postgres)
    program = start(database_url, FRONTEND_URL=f"{FRONTEND}, {SECOND_FRONTEND}")
    directory = open_directory / "nginx-contract"
    directory.mkdir()
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow"]
    with Nginx(directory, program.port, **UNLIMITED) as nginx:
        service = ["--service-url", f"http://127.0.0.1:{nginx.port}"]
        service += ["--database-url", database_url]
        service += ["--service-log", str(program.directory / "stdout")]
        result = subprocess.run(
            [*pytest, "tests/contract", *service],
            cwd=ROOT,
            capture_output=True,
            check=False,
            text=True,
        )
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAILED")]
    assert [line for line in failed if not any(each in line for each in DIFFERENT)] == []
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed, result.stdout
    assert int(passed[1]) > 500
