"""A wrong set-up ends at once: every fault named on a line of its own, and no secret in it."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import settings_for
from tests.support.program import Ended, Program, free_port
from tests.support.tokens import SECRET

PASSWORD = "hunter2hunter2"
GOOD = f"postgresql://todo:{PASSWORD}@127.0.0.1:9/todo"
NO_UTF_8 = "\udcff"  # a byte that is none, as Python keeps it
REQUIRED = ["DATABASE_URL", "BETTER_AUTH_SECRET", "FRONTEND_URL"]
WRONG = {
    "DATABASE_URL": [
        "rubbish",
        f"mysql://todo:{PASSWORD}@127.0.0.1/todo",
        f"sqlite:///{PASSWORD}.db",
        f"postgresql://todo:{PASSWORD}@127.0.0.1:port/todo",
        f"postgresql://todo:{PASSWORD}@127.0.0.1/todo?sslmode=perhaps",
        f"postgresql://todo:{PASSWORD}@127.0.0.1/todo?sslmode=require&sslrootcert=system",
        f"postgresql://todo:{PASSWORD}@db..example.com/todo",
        *(f"postgresql://todo:12{mark}{PASSWORD}@127.0.0.1/todo" for mark in "#?/"),
    ],
    "BETTER_AUTH_SECRET": [f"{NO_UTF_8}{SECRET}"],
    "FRONTEND_URL": [
        *("rubbish", "todo.example.com", "http://todo:http", "http://todo:99999", "http://[::1"),
        *("http://a b", "http://a;b", "http://*.example.com", f"http://:{PASSWORD}@todo"),
        f"http://{NO_UTF_8}.example.com",
    ],
    "JWT_EXPIRATION_HOURS": ["0", "-1", "a day", "nan", "inf", "1_0", "١"],
    "HOST": ["999.1.1.1", "a..b", "[::1]", "no such host"],
    "PORT": ["http", "-1", "65536", "9" * 30, "١"],
    "PLUGINS": ["auth,no_such_plugin", "no.such.module", "auth tasks", "auth,auth"],
    "WEB_CONCURRENCY": ["0", "many"],
    "DB_POOL_SIZE": ["0", "1.5"],
    "MAX_BODY_BYTES": ["-1", "1MB"],
    "MAX_CONNECTIONS": ["0"],
    "FORWARDED_ALLOW_IPS": ["proxy.example.com", "10.0.0.1/8"],
    "LOG_LEVEL": ["loud"],
    "LOG_FORMAT": ["xml"],
}
ROUNDS = max(len(values) for values in WRONG.values())
EACH = [(name, nth) for name, values in WRONG.items() for nth in range(len(values))]
EACH_ID = [f"{name}={WRONG[name][nth]}".replace(PASSWORD, "password") for name, nth in EACH]
Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program to its end with settings that are good but for the given ones."""
    return lambda *arguments, **settings: run_in(tmp_path, settings, *arguments)


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """Starts in which every setting is wrong, each time in another way."""
    return [
        run_in(
            tmp_path_factory.mktemp("round"),
            {name: values[nth % len(values)] for name, values in WRONG.items()},
        )
        for nth in range(ROUNDS)
    ]


def run_in(directory: Path, settings: dict[str, str | None], *arguments: str) -> Ended:
    changed = settings_for(GOOD) | settings
    environment = {name: value for name, value in changed.items() if value is not None}
    return Program(directory, environment, *arguments).launch().ended()


def naming(ended: Ended, *words: str) -> list[str]:
    """The lines on stderr in which all the words are."""
    lines = ended.stderr.splitlines()
    return [line for line in lines if all(re.search(rf"\b{word}\b", line) for word in words)]


def clean(ended: Ended, code: int) -> None:
    output = ended.stdout + ended.stderr
    assert ended.code == code, output
    assert [word for word in ("Traceback", PASSWORD, SECRET) if word in output] == []


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_a_required_setting_is_asked_for_by_name(run: Run, name: str, value: str | None) -> None:
    ended = run(**{name: value})
    clean(ended, 2)
    assert len(ended.stderr.splitlines()) == 1
    assert len(naming(ended, name)) == 1


@pytest.mark.parametrize(("name", "nth"), EACH, ids=EACH_ID)
def test_a_wrong_value_is_told_by_name(rounds: list[Ended], name: str, nth: int) -> None:
    clean(rounds[nth], 2)
    assert len(naming(rounds[nth], name)) == 1


def test_all_faults_are_told_at_once_on_a_line_each(rounds: list[Ended]) -> None:
    for ended in rounds:
        assert len(ended.stderr.splitlines()) == len(WRONG)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_plugin_that_is_not_there_ends_every_start(run: Run, workers: str) -> None:
    ended = run("--workers", workers, PLUGINS="auth,no_such_plugin")
    clean(ended, 2)
    assert len(ended.stderr.splitlines()) == 1
    assert len(naming(ended, "PLUGINS")) == 1


def test_a_file_of_settings_that_is_no_text_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    ended = run()
    clean(ended, 2)
    assert ended.stderr == "error: .env: expects text in UTF-8\n"


def test_an_address_of_another_machine_is_told(run: Run, database_url: str) -> None:
    ended = run(HOST="192.0.2.1", DATABASE_URL=database_url)  # RFC 5737: nobody's
    clean(ended, 2)
    assert len(naming(ended, "HOST", r"192\.0\.2\.1")) == 1


def test_a_wrong_value_ends_the_start_within_a_second(run: Run) -> None:
    assert min(run(PORT="http").seconds for _ in range(3)) < 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("--port", "http"), r"(--port|PORT)"),
        (("--workers", "0"), r"(--workers|WEB_CONCURRENCY)"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_a_wrong_argument_is_told_too(run: Run, arguments: tuple[str, ...], name: str) -> None:
    ended = run(*arguments)
    clean(ended, 2)
    assert re.search(name, ended.stderr)


def test_help_names_what_can_be_set_and_needs_no_settings(run: Run) -> None:
    ended = run("--help", **dict.fromkeys(REQUIRED))
    clean(ended, 0)
    words = ("--host", "--port", "--workers", *REQUIRED)
    assert [word for word in words if word not in ended.stdout] == []


@pytest.fixture(scope="module")
def unreachable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Program]]:
    """Two starts at once: one database refuses, the other accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {"refusing": free_port(), "silent": silent.getsockname()[1]}
        programs = {}
        for kind, port in ports.items():
            url = f"postgresql://todo:{PASSWORD}@127.0.0.1:{port}/todo"
            settings = settings_for(url) | {"TESTED_PORT": str(port)}
            programs[kind] = Program(tmp_path_factory.mktemp(kind), settings).launch()
        yield programs
        for program in programs.values():
            program.kill()


@pytest.mark.parametrize("kind", ["refusing", "silent"])
def test_a_database_that_cannot_be_reached_ends_the_start_after_5_seconds(
    unreachable: dict[str, Program], kind: str
) -> None:
    program = unreachable[kind]
    ended = program.ended()
    clean(ended, 3)
    assert len(naming(ended, r"127\.0\.0\.1", program.environment["TESTED_PORT"])) == 1
    assert 4.5 < ended.seconds < 9
