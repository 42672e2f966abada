"""How the text of a setting becomes its value; ValueError says what is expected instead."""

import math
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from core import plugin
from core.database import dsn

MAX_EXPIRATION = 876_000  # hours: a hundred years
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
DIGITS = re.compile(r"[0-9]{1,20}")


def text(value: str) -> str:
    """Anything."""
    return value


def database_url(value: str) -> str:
    """A URL of PostgreSQL's kind; what is wrong with it is said without repeating it."""
    dsn.parse(value)
    return value


def address(value: str) -> str:
    """Where a server can listen: an address, or a name that stands for one."""
    try:
        socket.getaddrinfo(value, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError("expects an address of this machine, such as 0.0.0.0") from None
    return value


def origins(value: str) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454, section 6.2): no path, no default port."""
    try:
        found = tuple(_origin(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        found = ()
    if not found:
        raise ValueError("expects one or more origins such as https://app.example.com")
    return found


def _origin(text: str) -> str:
    url = urlsplit(text)
    host = (url.hostname or "").encode("idna").decode()
    rest = url.path.rstrip("/") or url.query or url.fragment
    if url.scheme not in DEFAULT_PORTS or rest or "@" in url.netloc or not HOST.fullmatch(host):
        raise ValueError
    host = f"[{host}]" if ":" in host else host
    port = "" if url.port in {None, DEFAULT_PORTS[url.scheme]} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def hours(value: str) -> float:
    """A positive number of hours."""
    number = float(value) if NUMBER.fullmatch(value) else math.nan
    if not 0 < number <= MAX_EXPIRATION:
        raise ValueError(f"expects a positive number of hours, {MAX_EXPIRATION} at most")
    return number


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(value: str) -> int:
        number = int(value) if DIGITS.fullmatch(value) else least - 1
        if not least <= number <= most:
            raise ValueError(f"expects a whole number from {least} to {most}")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of these words, in any case."""

    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"expects one of {', '.join(choices)}")
        return value.lower()

    return parse


def plugin_names(value: str) -> tuple[str, ...]:
    """Names of plugins, separated by commas, which can be loaded together."""
    found = tuple(filter(None, (part.strip() for part in value.split(","))))
    if not found or not all(part.isidentifier() for name in found for part in name.split(".")):
        raise ValueError("expects names separated by commas, such as auth,tasks,health,docs")
    try:
        plugin.routes(plugin.load(found), max_body_bytes=0)
    except plugin.PluginError as error:
        raise ValueError(str(error)) from None
    return found
