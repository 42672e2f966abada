"""DATABASE_URL in every form that providers print."""

import ssl

import pytest

from core import dsn

NEON = "postgresql://ada:pass%40word@ep-cool-name-123456.eu-central-1.aws.neon.tech/todo"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_the_parts_of_a_url(scheme: str) -> None:
    found = dsn.parse(f"{scheme}://ada:pass%40word@db.example.com:5433/to%20do")
    assert found.place == "db.example.com:5433"
    assert (found.user, found.password, found.database) == ("ada", "pass@word", "to do")
    assert found.ssl == "prefer"
    assert not found.pooler


def test_the_password_is_in_no_representation() -> None:
    assert "pass@word" not in repr(dsn.parse(NEON))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://localhost", "localhost", 5432),
        ("postgresql:///todo", "localhost", 5432),
        ("postgresql://[::1]:5433/todo", "::1", 5433),
        ("postgresql://ada@/todo?host=/var/run/postgresql", "/var/run/postgresql", 5432),
        ("postgresql://ada@%2Ftmp%2FA%20B:5433/todo", "/tmp/A B", 5433),  # noqa: S108
        ("postgresql:///todo?host=db.example.com&port=6000", "db.example.com", 6000),
    ],
)
def test_where_the_database_is(url: str, host: str, port: int) -> None:
    found = dsn.parse(url)
    assert (found.host, found.port) == (host, port)


def test_what_libpq_alone_understands_is_left_out() -> None:
    found = dsn.parse(f"{NEON}?sslmode=require&channel_binding=require&gssencmode=disable")
    assert found.ssl == "require"
    assert found.server_settings == {}
    assert set(found.arguments()) == {"host", "port", "user", "password", "database", "ssl"}


def test_what_is_for_the_server_reaches_it_to_the_letter() -> None:
    found = dsn.parse(f"{NEON}?options=endpoint%3Dep-cool&application_name=mine&connect_timeout=3")
    assert found.server_settings == {"options": "endpoint=ep-cool", "application_name": "mine"}
    assert found.connect_timeout == 3


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_modes_that_verify_nothing(mode: str) -> None:
    assert dsn.parse(f"{NEON}?sslmode={mode}").ssl == mode


@pytest.mark.parametrize(("mode", "host_too"), [("verify-ca", False), ("verify-full", True)])
def test_modes_that_verify(mode: str, *, host_too: bool) -> None:
    context = dsn.parse(f"{NEON}?sslmode={mode}").ssl
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname is host_too


@pytest.mark.parametrize(
    "url",
    [
        NEON.replace("123456.", "123456-pooler."),
        "postgresql://postgres.abc@aws-0-eu-central-1.pooler.supabase.com:6543/postgres",
        "postgresql://ada@db.example.com:6432/todo",
        "postgresql://ada@db.example.com/todo?pgbouncer=true",
    ],
)
def test_poolers_are_recognised(url: str) -> None:
    assert dsn.parse(url).pooler


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada:sekret@db.example.com/todo",
        "sekret",
        "postgresql://ada:sekret@db.example.com:port/todo",
        "postgresql://ada:sekret@db.example.com:99999/todo",
        "postgresql://ada:sekret@db.example.com/todo?sslmode=sekret",
        "postgresql://ada:sekret@db.example.com/todo?sslmode=verify-ca&sslrootcert=/sekret",
        "postgresql://ada:sekret@db.example.com/todo?connect_timeout=sekret",
        "postgresql://ada:sekret@one.example.com,two.example.com/todo",
        "postgresql://[::1/todo",
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expects ") as fault:
        dsn.parse(url)
    assert "sekret" not in str(fault.value)
