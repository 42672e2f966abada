"""Settings are checked as a whole: a line for each fault, which never contains a value."""

from pathlib import Path

import pytest

from core.settings import Settings, SettingsError
from tests.conftest import settings_for
from tests.support.tokens import SECRET

PASSWORD = "hunter2hunter2"
LOGIN = f"postgresql://todo:{PASSWORD}@127.0.0.1"
GOOD = settings_for(f"{LOGIN}:9/todo")
NOT_UTF_8 = "\udcff"  # how Python represents such a byte
WRONG = {
    "DATABASE_URL": [
        *("rubbish", f"mysql://todo:{PASSWORD}@127.0.0.1/todo", f"sqlite:///{PASSWORD}.db"),
        *(f"{LOGIN}:port/todo", f"{LOGIN}/todo?sslmode=perhaps"),
        *(f"{LOGIN}/todo?sslmode=require&sslrootcert=system", f"{LOGIN.replace('7.', '..')}/todo"),
        *(f"postgresql://todo:12{mark}{PASSWORD}@127.0.0.1/todo" for mark in "#?/"),
    ],
    "BETTER_AUTH_SECRET": [f"{NOT_UTF_8}{SECRET}"],
    "FRONTEND_URL": [
        *("rubbish", "todo.example.com", "http://todo:http", "http://todo:99999", "http://[::1"),
        *("http://a b", "http://a;b", "http://*.example.com", f"http://:{PASSWORD}@todo"),
        f"http://{NOT_UTF_8}.example.com",
    ],
    "JWT_EXPIRATION_HOURS": ["0", "-1", "a day", "nan", "inf", "١"],
    "HOST": ["999.1.1.1", "a..b", "[::1]", "no such host"],
    "PORT": ["http", "-1", "65536", "9" * 30, "١"],
    "PLUGINS": ["auth,no_such_plugin", "no.such.module", "auth tasks"],
    "WEB_CONCURRENCY": ["0", "many"],
    "DB_POOL_SIZE": ["0", "1.5"],
    "MAX_BODY_BYTES": ["-1", "1MB"],
    "MAX_CONNECTIONS": ["0"],
    "FORWARDED_ALLOW_IPS": ["proxy.example.com", "10.0.0.1/8"],
    "LOG_LEVEL": ["loud"],
    "LOG_FORMAT": ["xml"],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]
REQUIRED = ["DATABASE_URL", "BETTER_AUTH_SECRET", "FRONTEND_URL"]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def faults(**changes: str | None) -> list[str]:
    """The faults of settings that are right but for these; None for a missing one."""
    given = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(SettingsError) as error:
        Settings.load(given)
    assert [word for word in (PASSWORD, SECRET) if word in str(error.value)] == []
    return error.value.faults


@pytest.mark.parametrize(("name", "value"), CASES, ids=lambda text: ascii(text)[1:40])
def test_wrong_value_is_one_fault_with_its_name(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name}: ")


@pytest.mark.parametrize("value", [None, "", " "], ids=["missing", "empty", "blank"])
def test_required_settings_are_reported_together(value: str | None) -> None:
    found = faults(**dict.fromkeys(REQUIRED, value))
    assert [fault.partition(" is required: ")[0] for fault in found] == [
        f"{name}:" for name in REQUIRED
    ]


def test_pool_must_have_a_connection_for_each_worker() -> None:
    (fault,) = faults(WEB_CONCURRENCY="4", DB_POOL_SIZE="3")
    assert fault.startswith("DB_POOL_SIZE: ")


def test_file_that_is_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\n")
    assert faults() == [".env: expects text in UTF-8"]


def test_database_url_is_parsed_once_and_no_secret_is_shown() -> None:
    settings = Settings.load(GOOD)
    assert settings.database_url.address == "127.0.0.1:9"
    assert settings.database_url.password == PASSWORD
    assert [word for word in (PASSWORD, SECRET) if word in repr(settings)] == []
