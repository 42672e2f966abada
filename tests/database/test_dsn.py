"""DATABASE_URL in every form that providers print."""

import ssl
from urllib.parse import quote

import pytest

from core.database import dsn

BASE = "postgresql://ada:pass%40word@"
NEON = "ep-1.neon.tech/todo?sslmode=require&channel_binding=require"
# What follows BASE in a URL, and what it means: address/database, TLS mode, pooler.
URLS = {
    NEON: "ep-1.neon.tech:5432/todo require",
    NEON.replace("ep-1", "ep-1-pooler"): "ep-1-pooler.neon.tech:5432/todo require pooler",
    "db.abc.supabase.co:5432/postgres": "db.abc.supabase.co:5432/postgres prefer",
    "eu.pooler.supabase.com:5432/todo": "eu.pooler.supabase.com:5432/todo prefer pooler",
    "eu.supabase.com:6543/todo": "eu.supabase.com:6543/todo prefer pooler",
    "todo.c1.rds.amazonaws.com:5432/todo": "todo.c1.rds.amazonaws.com:5432/todo prefer",
    "monorail.proxy.rlwy.net:41234/railway": "monorail.proxy.rlwy.net:41234/railway prefer",
    "dpg-1-a.render.com/todo_x1": "dpg-1-a.render.com:5432/todo_x1 prefer",
    "dpg-1-a/todo_x1": "dpg-1-a:5432/todo_x1 prefer",
    "db-1.digitalocean.com:25060/todo?sslmode=require": "db-1.digitalocean.com:25060/todo require",
    "todo.azure.com:5432/todo?sslmode=require": "todo.azure.com:5432/todo require",
    "/todo?host=/cloudsql/project:europe:todo": "/cloudsql/project:europe:todo:5432/todo disable",
    "todo.flycast:5432/todo?sslmode=disable": "todo.flycast:5432/todo disable",
    "db.example.com:6432/todo": "db.example.com:6432/todo prefer pooler",
    "db.example.com/todo?pgbouncer=true": "db.example.com:5432/todo prefer pooler",
    "db.example.com/todo?ssl=true": "db.example.com:5432/todo require",
    "db.example.com/todo?ssl=require": "db.example.com:5432/todo require",
    "db.example.com/todo?ssl=disable": "db.example.com:5432/todo disable",
    "db.example.com/todo?sslmode=allow": "db.example.com:5432/todo allow",
    "db.example.com/todo?sslmode=prefer": "db.example.com:5432/todo prefer",
    "db.example.com:5433/to%20do": "db.example.com:5433/to do prefer",
    "[::1]:5433/todo": "[::1]:5433/todo prefer",
    "[2001:db8::1]/todo": "[2001:db8::1]:5432/todo prefer",
    "localhost": "localhost:5432/None prefer",
    "/todo": "localhost:5432/todo prefer",
    "/todo?host=/run/postgresql&port=5433": "/run/postgresql:5433/todo disable",
    "/todo?host=db.example.com&port=6000": "db.example.com:6000/todo prefer",
    "%2Frun%2FA%20B:5433/todo": "/run/A B:5433/todo disable",
}
LOGINS = {
    "postgres://ada:pass%40word@db.example.com/todo": "ada",
    "postgresql+asyncpg://ada:pass%40word@db.example.com/todo": "ada",
    "postgresql://postgres.abc:pass%40word@eu.pooler.supabase.com/todo": "postgres.abc",
    "postgresql://ada%40todo:pass%40word@todo.azure.com/todo": "ada@todo",
    "postgresql://ada@todo:pass%40word@todo.azure.com/todo": "ada@todo",
}
WRONG = [
    "mysql://ada:sekret@db.example.com/todo",
    "sekret",
    "psql 'postgresql://ada:sekret@db.example.com/todo'",
    "host=db.example.com user=ada password=sekret",
    "postgresql://[::1/todo",
    "postgresql://ada:sekret/unescaped@db.example.com/todo",
    "postgresql://ada:sekret@db.example.com:port/todo",
    "postgresql://ada:sekret@db.example.com:99999/todo",
    "postgresql://ada:sekret@db.example.com/todo?sslmode=sekret",
    "postgresql://ada:sekret@db.example.com/todo?sslmode=verify-ca&sslrootcert=/sekret",
    "postgresql://ada:sekret@db.example.com/todo?connect_timeout=sekret",
    "postgresql://ada:sekret@one.example.com,two.example.com/todo",
    "postgresql://ada:sekret@one.example.com:5432,two.example.com:5433/todo",
    "postgresql://ada:sekret@/todo?host=one.example.com,two.example.com",
]


@pytest.mark.parametrize(("url", "expected"), URLS.items(), ids=URLS)
def test_url_of_a_provider_is_accepted_unchanged(url: str, expected: str) -> None:
    found = dsn.parse(BASE + url)
    pooler = " pooler" if found.pooler else ""
    assert f"{found.address}/{found.database} {found.ssl}{pooler}" == expected
    assert set(found.arguments()) == {"host", "port", "user", "password", "database", "ssl"}
    assert found.server_settings == {}
    assert "pass@word" not in repr(found)


@pytest.mark.parametrize(("url", "user"), LOGINS.items(), ids=LOGINS)
def test_user_and_password(url: str, user: str) -> None:
    found = dsn.parse(url)
    assert (found.user, found.password) == (user, "pass@word")


@pytest.mark.parametrize("password", ["p@ss:w/rd?#[]%", "a+b&c=d", "pässwörd", " blank "])
def test_password_is_decoded_exactly(password: str) -> None:
    encoded = quote(password, safe="+" if "+" in password else "")
    assert dsn.parse(f"postgresql://ada:{encoded}@db.example.com/todo").password == password
    assert dsn.parse(f"postgresql://db.example.com/todo?password={encoded}").password == password


@pytest.mark.parametrize("options", ["--cluster=todo-123", "project=todo", "-c TimeZone=GMT+1"])
def test_server_parameters_are_passed_on_and_those_of_libpq_are_not(options: str) -> None:
    query = f"&options={quote(options, safe='+')}&application_name=mine&gssencmode=disable"
    found = dsn.parse(f"{BASE}{NEON}{query}&connect_timeout=3")
    assert found.server_settings == {"options": options, "application_name": "mine"}
    assert found.connect_timeout == 3
    assert dsn.parse(f"{BASE}{NEON}&connect_timeout=0").connect_timeout is None


@pytest.mark.parametrize(("mode", "host_too"), [("verify-ca", False), ("verify-full", True)])
def test_ssl_mode_with_verification(mode: str, *, host_too: bool) -> None:
    context = dsn.parse(f"{BASE}db.example.com/todo?sslmode={mode}").ssl
    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname is host_too


@pytest.mark.parametrize("url", WRONG)
def test_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expects ") as fault:
        dsn.parse(url)
    assert "sekret" not in str(fault.value)
