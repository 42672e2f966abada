"""Settings: the environment, read once, checked as a whole, frozen."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NoReturn, Self

from dotenv import dotenv_values

from core.forwarded import LOOPBACK, networks
from core.parsers import address, database_url, hours, one_of, origins, plugin_names, text, whole


class SettingsError(Exception):
    """The environment is not usable; `faults` has one line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def setting(
    description: str, parse: Callable[[str], Any], default: Any = MISSING, **options: Any
) -> Any:
    """A field that is read from the environment variable of its name, in capitals."""
    if default is not MISSING:
        options["default"] = default
    return field(metadata={"help": description, "parse": parse}, **options)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that can be set; every field is the environment variable of its name in capitals."""

    database_url: str = setting(
        "PostgreSQL: postgresql://user:password@host:5432/name, libpq parameters included",
        database_url,
        repr=False,
    )
    better_auth_secret: str = setting(
        "key of the tokens, shared with Better Auth; 32 bytes or more", text, repr=False
    )
    better_auth_secret_previous: str = setting(
        "the secret before the last change: its tokens stay valid until they expire",
        text,
        "",
        repr=False,
    )
    frontend_url: tuple[str, ...] = setting(
        "origins that browsers may call from, separated by commas", origins
    )
    jwt_expiration_hours: float = setting("how long a token is valid", hours, 24.0)
    host: str = setting("address to listen on", address, "127.0.0.1")
    port: int = setting("port to listen on; 0 takes a free one", whole(0, 65535), 8000)
    web_concurrency: int = setting("worker processes", whole(1, 512), 1)
    db_pool_size: int = setting(
        "database connections in all, over all workers", whole(1, 10_000), 50
    )
    max_body_bytes: int = setting("largest request body", whole(1, 2**30), 1_048_576)
    max_connections: int = setting(
        "open connections from clients, for each worker", whole(1, 1_000_000), 2000
    )
    forwarded_allow_ips: tuple[IPv4Network | IPv6Network, ...] = setting(
        "proxies whose X-Forwarded-For is believed: addresses or networks, * for all",
        networks,
        LOOPBACK,
    )
    log_level: str = setting(
        "debug, info, warning or error", one_of("debug", "info", "warning", "error"), "info"
    )
    log_format: str = setting(
        "json or text; by default text on a terminal and json elsewhere", one_of("json", "text"), ""
    )
    plugins: tuple[str, ...] = setting(
        "what to load: names of plugins/, or a dotted name for one of your own",
        plugin_names,
        ("auth", "tasks", "health", "docs"),
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment, by default that of the process and its `.env`.

        Raises SettingsError with every fault at once; no fault repeats a value.
        """
        if environ is None:
            environ = environment()
        values: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for each in fields(cls):
            try:
                values |= _read(each, environ)
            except ValueError as fault:
                faults[each.name] = str(fault)
        connections, workers = (
            values.get(name, getattr(cls, name)) for name in ("db_pool_size", "web_concurrency")
        )
        if connections < workers and not faults.keys() & {"db_pool_size", "web_concurrency"}:
            faults["db_pool_size"] = "expects at least one connection for each worker"
        if faults:
            raise SettingsError([f"{name.upper()}: {fault}" for name, fault in faults.items()])
        values.setdefault("log_format", "text" if sys.stdout.isatty() else "json")
        return cls(**values)

    @classmethod
    def load_or_exit(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment; where it is wrong, say so on stderr and exit with 2."""
        try:
            return cls.load(environ)
        except SettingsError as error:
            exit_with(2, *error.faults)


def environment() -> dict[str, str]:
    """`os.environ` over what a `.env` file in the working directory says.

    Raises SettingsError.
    """
    try:
        kept = dotenv_values(".env")
    except UnicodeDecodeError:
        raise SettingsError([".env: expects text in UTF-8"]) from None
    return {**{name: value for name, value in kept.items() if value}, **os.environ}


def _read(each: "Field[Any]", environ: Mapping[str, str]) -> dict[str, Any]:
    value = environ.get(each.name.upper(), "")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("expects text in UTF-8") from None
    if value.strip():
        return {each.name: each.metadata["parse"](value)}
    if each.default is MISSING:
        raise ValueError(f"is required: {each.metadata['help']}")
    return {}


def exit_with(status: int, *lines: str) -> NoReturn:
    """End the program with one line on stderr for each fault."""
    for line in lines:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201
    raise SystemExit(status)
