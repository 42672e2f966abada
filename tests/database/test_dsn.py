"""DATABASE_URL in every form that providers print."""

import ssl
from urllib.parse import quote

import pytest

from core.database import dsn

LOGIN = "postgresql://ada:pass%40word"
NEON = f"{LOGIN}@ep-cool-name-123456.eu-central-1.aws.neon.tech/todo"
NEON_QUERY = "?sslmode=require&channel_binding=require"
SUPABASE = "postgresql://postgres.abc:pass%40word@aws-0-eu-central-1.pooler.supabase.com"
AZURE = "todo.postgres.database.azure.com"
# URL and password, then user@host:port/database, TLS mode and whether it is a pooler.
PROVIDERS = {
    "Neon": (
        f"{NEON}{NEON_QUERY}",
        "ada@ep-cool-name-123456.eu-central-1.aws.neon.tech:5432/todo require",
    ),
    "Neon, pooled": (
        f"{NEON.replace('123456', '123456-pooler')}{NEON_QUERY}",
        "ada@ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech:5432/todo require pooler",
    ),
    "Supabase": (
        "postgresql://postgres:pass%40word@db.abcdefgh.supabase.co:5432/postgres",
        "postgres@db.abcdefgh.supabase.co:5432/postgres prefer",
    ),
    "Supabase, session pooler": (
        f"{SUPABASE}:5432/postgres",
        "postgres.abc@aws-0-eu-central-1.pooler.supabase.com:5432/postgres prefer pooler",
    ),
    "Supabase, transaction pooler": (
        f"{SUPABASE}:6543/postgres",
        "postgres.abc@aws-0-eu-central-1.pooler.supabase.com:6543/postgres prefer pooler",
    ),
    "Amazon RDS": (
        f"{LOGIN}@todo.c1a2b3.eu-central-1.rds.amazonaws.com:5432/todo",
        "ada@todo.c1a2b3.eu-central-1.rds.amazonaws.com:5432/todo prefer",
    ),
    "Heroku": (
        "postgres://u1a2:pass%40word@ec2-3-4-5-6.eu-west-1.compute.amazonaws.com:5432/d8r827",
        "u1a2@ec2-3-4-5-6.eu-west-1.compute.amazonaws.com:5432/d8r827 prefer",
    ),
    "Railway": (
        f"{LOGIN}@monorail.proxy.rlwy.net:41234/railway",
        "ada@monorail.proxy.rlwy.net:41234/railway prefer",
    ),
    "Render": (
        f"{LOGIN}@dpg-abc123-a.frankfurt-postgres.render.com/todo_x1y2",
        "ada@dpg-abc123-a.frankfurt-postgres.render.com:5432/todo_x1y2 prefer",
    ),
    "Render, internal": (
        f"{LOGIN}@dpg-abc123-a/todo_x1y2",
        "ada@dpg-abc123-a:5432/todo_x1y2 prefer",
    ),
    "DigitalOcean": (
        "postgresql://doadmin:pass%40word@db-1.ondigitalocean.com:25060/todo?sslmode=require",
        "doadmin@db-1.ondigitalocean.com:25060/todo require",
    ),
    "Azure": (
        f"postgres://ada:pass%40word@{AZURE}:5432/postgres?sslmode=require",
        f"ada@{AZURE}:5432/postgres require",
    ),
    "Azure, single server": (
        f"postgresql://ada%40todo:pass%40word@{AZURE}/postgres?sslmode=require",
        f"ada@todo@{AZURE}:5432/postgres require",
    ),
    "Azure, single server, unescaped": (
        f"postgresql://ada@todo:pass%40word@{AZURE}:5432/postgres?sslmode=require",
        f"ada@todo@{AZURE}:5432/postgres require",
    ),
    "Google Cloud SQL": (
        f"{LOGIN}@/todo?host=/cloudsql/project:europe-west1:instance",
        "ada@/cloudsql/project:europe-west1:instance:5432/todo disable",
    ),
    "Fly.io": (
        "postgres://ada:pass%40word@todo.flycast:5432/todo?sslmode=disable",
        "ada@todo.flycast:5432/todo disable",
    ),
    "SQLAlchemy": (
        "postgresql+asyncpg://ada:pass%40word@db.example.com:5433/to%20do",
        "ada@db.example.com:5433/to do prefer",
    ),
    "PgBouncer's port": (
        f"{LOGIN}@db.example.com:6432/todo",
        "ada@db.example.com:6432/todo prefer pooler",
    ),
    "Prisma": (
        f"{LOGIN}@db.example.com/todo?pgbouncer=true",
        "ada@db.example.com:5432/todo prefer pooler",
    ),
}
HOSTS = {
    "postgresql://localhost": ("localhost", 5432),
    "postgresql:///todo": ("localhost", 5432),
    "postgresql://[::1]:5433/todo": ("::1", 5433),
    "postgresql://ada:password@[2001:db8::1]/todo": ("2001:db8::1", 5432),
    "postgresql:///todo?host=/var/run/postgresql&port=5433": ("/var/run/postgresql", 5433),
    "postgresql://ada@/todo?host=/var/run/postgresql": ("/var/run/postgresql", 5432),
    "postgresql://ada@%2Ftmp%2FA%20B:5433/todo": ("/tmp/A B", 5433),  # noqa: S108
    "postgresql:///todo?host=db.example.com&port=6000": ("db.example.com", 6000),
}
SSL_PARAMETERS = {
    "ssl=true": "require",
    "ssl=require": "require",
    "ssl=disable": "disable",
    **{f"sslmode={mode}": mode for mode in ("disable", "allow", "prefer", "require")},
}
WRONG = [
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
]


@pytest.mark.parametrize(("url", "expected"), PROVIDERS.values(), ids=PROVIDERS)
def test_url_of_a_provider_is_accepted_unchanged(url: str, expected: str) -> None:
    found = dsn.parse(url)
    pooler = " pooler" if found.pooler else ""
    assert f"{found.user}@{found.address}/{found.database} {found.ssl}{pooler}" == expected
    assert found.password == "pass@word"
    assert "pass@word" not in repr(found)
    assert found.server_settings == {}
    assert set(found.arguments()) == {"host", "port", "user", "password", "database", "ssl"}


@pytest.mark.parametrize("password", ["p@ss:w/rd?#[]%", "a+b&c=d", "pässwörd", " blank "])
def test_password_is_decoded_exactly(password: str) -> None:
    encoded = quote(password, safe="+" if "+" in password else "")
    assert dsn.parse(f"postgresql://ada:{encoded}@db.example.com/todo").password == password
    assert dsn.parse(f"postgresql://db.example.com/todo?password={encoded}").password == password


@pytest.mark.parametrize(("url", "place"), HOSTS.items(), ids=HOSTS)
def test_host_and_port(url: str, place: tuple[str, int]) -> None:
    found = dsn.parse(url)
    assert (found.host, found.port) == place


def test_ipv6_address_is_shown_in_brackets() -> None:
    assert dsn.parse("postgresql://[::1]:5433/todo").address == "[::1]:5433"


@pytest.mark.parametrize("options", ["--cluster=todo-123", "project=todo", "-c TimeZone=GMT+1"])
def test_server_parameters_are_passed_on_and_those_of_libpq_are_not(options: str) -> None:
    query = f"&options={quote(options, safe='+')}&application_name=mine&gssencmode=disable"
    found = dsn.parse(f"{NEON}{NEON_QUERY}{query}")
    assert found.server_settings == {"options": options, "application_name": "mine"}


@pytest.mark.parametrize(("seconds", "expected"), [("3", 3), ("0", None)])
def test_connect_timeout(seconds: str, expected: int | None) -> None:
    assert dsn.parse(f"{NEON}?connect_timeout={seconds}").connect_timeout == expected


@pytest.mark.parametrize(("parameter", "mode"), SSL_PARAMETERS.items(), ids=SSL_PARAMETERS)
def test_ssl_mode_without_verification(parameter: str, mode: str) -> None:
    assert dsn.parse(f"{NEON}?{parameter}").ssl == mode


@pytest.mark.parametrize(("mode", "host_too"), [("verify-ca", False), ("verify-full", True)])
def test_ssl_mode_with_verification(mode: str, *, host_too: bool) -> None:
    context = dsn.parse(f"{NEON}?sslmode={mode}").ssl
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname is host_too


@pytest.mark.parametrize("url", WRONG)
def test_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expects ") as fault:
        dsn.parse(url)
    assert "sekret" not in str(fault.value)
