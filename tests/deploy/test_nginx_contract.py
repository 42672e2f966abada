"""What the contract says holds behind nginx: its tests, with nginx in between."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from tests.conftest import FRONTEND, SECOND_FRONTEND
from tests.deploy.nginx import PROGRAM, UNLIMITED, Nginx
from tests.support.program import Program
from tests.support.sql import Sql, new_database

TASKS = ("tasks_create", "tasks_read", "tasks_list", "tasks_update", "tasks_delete")
ADOPTED = ("cors", "end_to_end", "errors", "headers", "identity", "provisioning", *TASKS)
REFUSED_BY_NGINX = ("%00", "two_headers", "a_good_and_a_bad_header")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="needs nginx"),
]


class Behind(Program):
    """The service as it is reached through nginx."""

    def __init__(self, program: Program, nginx: Nginx) -> None:
        super().__init__(program.directory, program.environment)
        self.process, self.port = program.process, nginx.port


@pytest.fixture(scope="module")
def put_behind(open_directory: Path) -> Iterator[Callable[[Program], Behind]]:
    """Put an nginx before a program."""
    with ExitStack() as started:

        def put(program: Program) -> Behind:
            directory = open_directory / f"nginx-{program.port}"
            directory.mkdir()
            return Behind(
                program, started.enter_context(Nginx(directory, program.port, **UNLIMITED))
            )

        yield put


@pytest.fixture(scope="module")
def service(
    start: Callable[..., Program], postgres: str, put_behind: Callable[[Program], Behind]
) -> Behind:
    origins = f"{FRONTEND}, {SECOND_FRONTEND}"
    return put_behind(start(new_database(postgres), FRONTEND_URL=origins))


@pytest.fixture(scope="module")
def sql(service: Behind) -> Iterator[Sql]:
    with Sql(service.environment["DATABASE_URL"]) as connection:
        yield connection


@pytest.fixture(scope="module")
def http(service: Behind) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def broken(
    start: Callable[..., Program], postgres: str, put_behind: Callable[[Program], Behind]
) -> Iterator[httpx.Client]:
    program = put_behind(start(new_database(postgres)))
    with Sql(program.environment["DATABASE_URL"]) as database:
        database.value("DROP TABLE tasks CASCADE")
    with httpx.Client(base_url=program.url, timeout=20) as client:
        yield client


@pytest.fixture(autouse=True)
def _leave_to_nginx(request: pytest.FixtureRequest) -> None:
    """See test_nginx.py for what it makes of these."""
    if any(sign in request.node.name for sign in REFUSED_BY_NGINX):
        pytest.skip("nginx refuses this by itself")


def adopt(module: ModuleType) -> None:
    """Have pytest find a module's tests here too, where they get the fixtures above."""
    for name, found in vars(module).items():
        if name.startswith("test_"):
            globals()[f"{module.__name__.rpartition('.')[2]}: {name}"] = found
        elif isinstance(found, type(service)):
            globals().setdefault(name, found)


for name in ADOPTED:
    adopt(import_module(f"tests.contract.test_{name}"))
