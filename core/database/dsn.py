"""DATABASE_URL: the URLs that providers show, as arguments of `asyncpg.connect`.

The form is libpq's (PostgreSQL documentation, 34.1.1 "Connection Strings").
"""

import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEMES = {"postgresql", "postgres", "postgresql+asyncpg"}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
VERIFYING = ("verify-ca", "verify-full")
POOLER_PORTS = {6432, 6543}  # PgBouncer's and Supavisor's
# All other parameters concern libpq itself (channel_binding, gssencmode) or other programs.
SERVER_PARAMETERS = ("application_name", "options")
ENCODED = "expects #, ? and / in the password to be percent-encoded: %23, %3F and %2F"
ONE_HOST = "expects one host and a port, as in postgresql://user@host:5432/name"
ADDRESS = re.compile(r"(?P<host>\[[^\]]*\]|[^:,]*)(?::(?P<port>\d*))?")


@dataclass(frozen=True)
class Dsn:
    """A parsed database URL."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    database: str | None
    ssl: ssl.SSLContext | str
    connect_timeout: int | None
    """Seconds."""
    server_settings: dict[str, str]
    pooler: bool
    """Whether this looks like a pooler in transaction mode (Neon, Supabase, PgBouncer)."""

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        is_ipv6 = ":" in self.host and not self.host.startswith("/")
        return f"[{self.host}]:{self.port}" if is_ipv6 else f"{self.host}:{self.port}"

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `asyncpg.connect`."""
        names = ("host", "port", "user", "password", "database", "ssl")
        return {name: getattr(self, name) for name in names}


def parse(url: str) -> Dsn:
    """Parse a database URL.

    Raises ValueError, which says what is expected and never contains the URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in SCHEMES:
        raise ValueError("expects a URL such as postgresql://user:password@host:5432/name")
    if parts.fragment or ("@" in parts.path and "@" not in parts.netloc):
        raise ValueError(ENCODED)
    login, _, address = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    found = ADDRESS.fullmatch(address)
    if not found:
        raise ValueError(ONE_HOST)
    query = _query(parts.query)
    host = query.get("host") or unquote(found["host"]).strip("[]") or "localhost"
    if not host.startswith("/") and ("," in host or not _is_name(host)):
        raise ValueError(ONE_HOST)
    port = _integer("port", query.get("port") or found["port"] or "5432")
    timeout = query.get("connect_timeout", "0")
    return Dsn(
        host=host,
        port=port,
        user=query.get("user") or unquote(user) or None,
        password=query.get("password") or unquote(password) or None,
        database=query.get("dbname") or unquote(parts.path[1:]) or None,
        ssl=_ssl(host, query),
        connect_timeout=None if timeout == "0" else _integer("connect_timeout", timeout),
        server_settings={name: query[name] for name in SERVER_PARAMETERS if name in query},
        pooler=bool(re.search(r"[.-]pooler\.", host))
        or port in POOLER_PORTS
        or query.get("pgbouncer") == "true",
    )


def _is_name(host: str) -> bool:
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _query(text: str) -> dict[str, str]:
    if not all("=" in part for part in text.split("&") if part):
        raise ValueError(ENCODED)
    return dict(parse_qsl(text.replace("+", "%2B")))  # in libpq a plus is a plus


def _integer(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 65535):
        raise ValueError(f"expects a whole number from 1 to 65535 as {name}")
    return int(text)


def _ssl(host: str, query: dict[str, str]) -> ssl.SSLContext | str:
    """The context or mode for asyncpg (PostgreSQL documentation, "SSL Mode Descriptions")."""
    mode, root = _ssl_mode(host, query), query.get("sslrootcert", "system")
    if mode not in VERIFYING and "sslcert" not in query:
        return mode
    if mode not in {"require", *VERIFYING}:
        raise ValueError("expects sslmode=require, verify-ca or verify-full beside sslcert")
    try:
        context = ssl.create_default_context(cafile=None if root == "system" else root)
        if "sslcert" in query:
            context.load_cert_chain(query["sslcert"], query.get("sslkey"))
    except (OSError, ValueError):
        raise ValueError("expects sslrootcert, sslcert and sslkey to be readable files") from None
    context.check_hostname = mode == "verify-full"
    if mode not in VERIFYING:
        context.verify_mode = ssl.CERT_NONE
    return context


def _ssl_mode(host: str, query: dict[str, str]) -> str:
    root = query.get("sslrootcert")
    default = "disable" if host.startswith("/") else "prefer"
    if root == "system":
        default = "verify-full"
    mode = query.get("sslmode") or query.get("ssl") or default  # "ssl": JDBC's and asyncpg's
    mode = "require" if mode == "true" else mode
    if mode not in SSL_MODES:
        raise ValueError(f"expects sslmode to be one of {', '.join(SSL_MODES)}")
    if root == "system" and mode != "verify-full":
        raise ValueError("expects sslmode=verify-full beside sslrootcert=system")  # as libpq does
    if root and mode == "require":
        return "verify-ca"  # as libpq does
    return mode
