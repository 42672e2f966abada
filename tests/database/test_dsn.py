"""DATABASE_URL in every form that providers print."""

import ssl
from urllib.parse import quote

import pytest

from core.database import dsn

NEON = "postgresql://ada:pass%40word@ep-cool-name-123456.eu-central-1.aws.neon.tech/todo"
SUPABASE = "postgresql://postgres.abc:pass%40word@aws-0-eu-central-1.pooler.supabase.com"
AZURE = "todo.postgres.database.azure.com"
PROVIDERS = [
    (
        f"{NEON}?sslmode=require&channel_binding=require",
        "ada@ep-cool-name-123456.eu-central-1.aws.neon.tech:5432/todo require",
    ),
    (
        f"{NEON.replace('123456', '123456-pooler')}?sslmode=require&channel_binding=require",
        "ada@ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech:5432/todo require pooler",
    ),
    (
        "postgresql://postgres:pass%40word@db.abcdefgh.supabase.co:5432/postgres",
        "postgres@db.abcdefgh.supabase.co:5432/postgres prefer",
    ),
    (
        f"{SUPABASE}:5432/postgres",
        "postgres.abc@aws-0-eu-central-1.pooler.supabase.com:5432/postgres prefer pooler",
    ),
    (
        f"{SUPABASE}:6543/postgres",
        "postgres.abc@aws-0-eu-central-1.pooler.supabase.com:6543/postgres prefer pooler",
    ),
    (
        "postgresql://ada:pass%40word@todo.c1a2b3.eu-central-1.rds.amazonaws.com:5432/todo",
        "ada@todo.c1a2b3.eu-central-1.rds.amazonaws.com:5432/todo prefer",
    ),
    (  # Heroku
        "postgres://u1a2:pass%40word@ec2-3-4-5-6.eu-west-1.compute.amazonaws.com:5432/d8r827",
        "u1a2@ec2-3-4-5-6.eu-west-1.compute.amazonaws.com:5432/d8r827 prefer",
    ),
    (  # Railway
        "postgresql://postgres:pass%40word@monorail.proxy.rlwy.net:41234/railway",
        "postgres@monorail.proxy.rlwy.net:41234/railway prefer",
    ),
    (
        "postgresql://ada:pass%40word@dpg-abc123-a.frankfurt-postgres.render.com/todo_x1y2",
        "ada@dpg-abc123-a.frankfurt-postgres.render.com:5432/todo_x1y2 prefer",
    ),
    (  # Render, from within
        "postgresql://ada:pass%40word@dpg-abc123-a/todo_x1y2",
        "ada@dpg-abc123-a:5432/todo_x1y2 prefer",
    ),
    (
        "postgresql://doadmin:pass%40word@db-1.ondigitalocean.com:25060/todo?sslmode=require",
        "doadmin@db-1.ondigitalocean.com:25060/todo require",
    ),
    (
        f"postgres://ada:pass%40word@{AZURE}:5432/postgres?sslmode=require",
        f"ada@{AZURE}:5432/postgres require",
    ),
    (  # Azure's older servers
        f"postgresql://ada%40todo:pass%40word@{AZURE}/postgres?sslmode=require",
        f"ada@todo@{AZURE}:5432/postgres require",
    ),
    (
        f"postgresql://ada@todo:pass%40word@{AZURE}:5432/postgres?sslmode=require",
        f"ada@todo@{AZURE}:5432/postgres require",
    ),
    (  # Google Cloud SQL
        "postgresql://ada:pass%40word@/todo?host=/cloudsql/project:europe-west1:instance",
        "ada@/cloudsql/project:europe-west1:instance:5432/todo disable",
    ),
    (  # Fly.io
        "postgres://ada:pass%40word@todo.flycast:5432/todo?sslmode=disable",
        "ada@todo.flycast:5432/todo disable",
    ),
]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_the_parts_of_a_url(scheme: str) -> None:
    found = dsn.parse(f"{scheme}://ada:pass%40word@db.example.com:5433/to%20do")
    assert found.place == "db.example.com:5433"
    assert (found.user, found.password, found.database) == ("ada", "pass@word", "to do")
    assert found.ssl == "prefer"
    assert not found.pooler


@pytest.mark.parametrize(("url", "expected"), PROVIDERS)
def test_providers_urls_work_unchanged(url: str, expected: str) -> None:
    found = dsn.parse(url)
    pooler = " pooler" if found.pooler else ""
    assert f"{found.user}@{found.place}/{found.database} {found.ssl}{pooler}" == expected
    assert found.password == "pass@word"
    assert found.server_settings == {}


@pytest.mark.parametrize("password", ["p@ss:w/rd?#[]%", "a+b&c=d", "pässwörd", " blank "])
def test_a_password_arrives_to_the_letter(password: str) -> None:
    encoded = quote(password, safe="+" if "+" in password else "")
    assert dsn.parse(f"postgresql://ada:{encoded}@db.example.com/todo").password == password
    assert dsn.parse(f"postgresql://db.example.com/todo?password={encoded}").password == password


def test_the_password_is_in_no_representation() -> None:
    assert "pass@word" not in repr(dsn.parse(NEON))


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://localhost", "localhost", 5432),
        ("postgresql:///todo", "localhost", 5432),
        ("postgresql://[::1]:5433/todo", "::1", 5433),
        ("postgresql://ada:password@[2001:db8::1]/todo", "2001:db8::1", 5432),
        ("postgresql:///todo?host=/var/run/postgresql&port=5433", "/var/run/postgresql", 5433),
        ("postgresql://ada@/todo?host=/var/run/postgresql", "/var/run/postgresql", 5432),
        ("postgresql://ada@%2Ftmp%2FA%20B:5433/todo", "/tmp/A B", 5433),  # noqa: S108
        ("postgresql:///todo?host=db.example.com&port=6000", "db.example.com", 6000),
    ],
)
def test_where_the_database_is(url: str, host: str, port: int) -> None:
    found = dsn.parse(url)
    assert (found.host, found.port) == (host, port)


def test_people_are_told_a_place_that_can_be_read() -> None:
    assert dsn.parse("postgresql://[::1]:5433/todo").place == "[::1]:5433"
    assert dsn.parse("postgresql://db.example.com/todo").place == "db.example.com:5432"


def test_what_libpq_alone_understands_is_left_out() -> None:
    found = dsn.parse(f"{NEON}?sslmode=require&channel_binding=require&gssencmode=disable")
    assert found.ssl == "require"
    assert found.server_settings == {}
    assert set(found.arguments()) == {"host", "port", "user", "password", "database", "ssl"}


def test_what_is_for_the_server_reaches_it_to_the_letter() -> None:
    found = dsn.parse(f"{NEON}?options=endpoint%3Dep-cool&application_name=mine&connect_timeout=3")
    assert found.server_settings == {"options": "endpoint=ep-cool", "application_name": "mine"}
    assert found.connect_timeout == 3


@pytest.mark.parametrize("options", ["--cluster=todo-123", "project=todo", "-c TimeZone=GMT+1"])
def test_options_reach_the_server_as_they_are(options: str) -> None:
    found = dsn.parse(f"{NEON}?sslmode=verify-full&options={quote(options, safe='+')}")
    assert found.server_settings == {"options": options}


def test_no_connect_timeout_leaves_it_to_us() -> None:
    assert dsn.parse(f"{NEON}?connect_timeout=0").connect_timeout is None


@pytest.mark.parametrize(
    ("parameter", "mode"),
    [("ssl=true", "require"), ("ssl=require", "require"), ("ssl=disable", "disable")],
)
def test_other_programs_spelling_of_sslmode_is_no_weaker(parameter: str, mode: str) -> None:
    assert dsn.parse(f"{NEON}?{parameter}").ssl == mode


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
        "postgresql://ada:sekret@one.example.com:5432,two.example.com:5433/todo",
        "postgresql://ada:sekret@/todo?host=one.example.com,two.example.com",
        "postgresql://ada:sekret/unescaped@db.example.com/todo",
        "psql 'postgresql://ada:sekret@db.example.com/todo'",
        "host=db.example.com user=ada password=sekret",
        "postgresql://[::1/todo",
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expects ") as fault:
        dsn.parse(url)
    assert "sekret" not in str(fault.value)
