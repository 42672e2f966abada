"""One PostgreSQL and one running service for all tests, and new users for each."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

pytest.register_assert_rewrite("tests.support")

from embedded import Postgres  # noqa: E402
from tests.support.elsewhere import Elsewhere  # noqa: E402
from tests.support.pooler import KINDS, Pooler  # noqa: E402
from tests.support.postgres import system_binaries  # noqa: E402
from tests.support.program import Program, free_port  # noqa: E402
from tests.support.sql import Sql, new_database  # noqa: E402
from tests.support.tokens import SECRET  # noqa: E402
from tests.support.users import User, add_user  # noqa: E402

FRONTEND = "https://todo.example.com"
SECOND_FRONTEND = "https://admin.example.com:8443"
TESTS = Path(__file__).parent
SLOW_FOLDERS = {"faults", "deploy", "browser", "examples", "loadtests", "benchmarks"}
FIGURES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pooler", choices=KINDS, help="connect through a PgBouncer")
    parser.addoption("--service-url", help="test a running service")
    parser.addoption("--service-log", action="append", default=[], help="a file that has its log")
    parser.addoption("--database-url", help="the URL of its database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in SLOW_FOLDERS:
            item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Fail a test that would be skipped, for want of a program for example."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    reason = str(report.longrepr)
    foreign = item.config.getoption("--service-url") or "systemd runs this machine" in reason
    if report.skipped and not hasattr(report, "wasxfail") and not foreign:
        report.outcome = "failed"
        report.longrepr = f"this would be skipped: {reason}"
    return report  # type: ignore[return-value]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Print a measured value after the tests."""
    figures = request.config.stash.setdefault(FIGURES, [])
    return lambda name, value: figures.append(f"{name}: {value}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(figures))


@pytest.fixture(scope="session")
def open_directory() -> Iterator[Path]:
    """A directory that any user can read: as root, PostgreSQL runs as another one."""
    directory = Path(tempfile.mkdtemp(prefix="todo-tests-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def postgres(open_directory: Path, postgres_port: int) -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    server = Postgres(
        open_directory / "shared",
        binaries=system_binaries(),
        durable=False,
        port=postgres_port,
    )
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> str:
    given: str | None = request.config.getoption("--database-url")
    return given or new_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def route(request: pytest.FixtureRequest, postgres_port: int) -> Iterator[Callable[[str], str]]:
    """The URL that a service gets for a database: with --pooler, that of a PgBouncer."""
    kind = request.config.getoption("--pooler")
    if kind is None:
        yield lambda url: url
    else:
        with Pooler(kind, postgres_port) as pooler:
            yield pooler.url


@pytest.fixture(scope="session")
def sql(database_url: str, service: Program) -> Iterator[Sql]:
    """A connection to the database of the service."""
    assert service.running()
    with Sql(database_url) as connection:
        yield connection


@pytest.fixture(scope="session")
def start(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    route: Callable[[str], str],
) -> Iterator[Callable[..., Program]]:
    """Start a program with these settings; it is killed at the end of the tests."""
    if request.config.getoption("--service-url"):
        pytest.skip("starts a service of its own, which is not the one at --service-url")
    programs: list[Program] = []

    def start_one(database_url: str, *arguments: str, **settings: str) -> Program:
        environment = settings_for(route(database_url)) | settings
        programs.append(Program(tmp_path_factory.mktemp("program"), environment, *arguments))
        return programs[-1].start()

    yield start_one
    for program in programs:
        program.kill()


def settings_for(database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "BETTER_AUTH_SECRET": SECRET,
        "FRONTEND_URL": FRONTEND,
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "LOG_FORMAT": "json",
        "DB_POOL_SIZE": "10",  # several programs share one server
    }


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest, database_url: str) -> Iterator[Program]:
    """The service that most tests share. At the end, its log has no traceback and no secret."""
    if url := request.config.getoption("--service-url"):
        program: Program = Elsewhere(url, request.config.getoption("--service-log")).start()
    else:
        start = request.getfixturevalue("start")
        program = start(database_url, FRONTEND_URL=f"{FRONTEND}, {SECOND_FRONTEND}/")
    yield program
    program.stop()
    lines = program.output().splitlines()
    assert [line for line in lines if not line.startswith("{")] == []
    never = ("Traceback", SECRET, "eyJ", "$2b$", "correct horse")
    assert [line for line in lines if any(word in line for word in never)] == []


@pytest.fixture(scope="session")
def http(service: Program) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=service.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def broken(start: Callable[..., Program], postgres: str) -> Iterator[httpx.Client]:
    """A client of a service in which every statement on tasks fails."""
    database_url = new_database(postgres)
    program = start(database_url, FRONTEND_URL=f"{FRONTEND}/")
    with Sql(database_url) as database:
        database.value("DROP TABLE tasks CASCADE")
    with httpx.Client(base_url=program.url, timeout=20) as client:
        yield client


@pytest.fixture
def new_user(sql: Sql, http: httpx.Client) -> Callable[[], User]:
    return lambda: add_user(sql, http)


@pytest.fixture
def alice(new_user: Callable[[], User]) -> User:
    return new_user()


@pytest.fixture
def bob(new_user: Callable[[], User]) -> User:
    return new_user()
