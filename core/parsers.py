"""How the text of a setting becomes its value; ValueError says what is expected instead."""

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from core import dsn

LONGEST_EXPIRATION = 876_000  # hours: a hundred years


def text(value: str) -> str:
    """Anything."""
    return value


def database_url(value: str) -> str:
    """A URL of PostgreSQL's kind; what is wrong with it is said without repeating it."""
    dsn.parse(value)
    return value


def origins(value: str) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454, section 6.2): no path, no default port."""
    found = []
    for item in filter(None, (part.strip() for part in value.split(","))):
        url = urlsplit(item)
        rest = url.path.rstrip("/") or url.query or url.fragment or url.username
        if url.scheme not in {"http", "https"} or not url.hostname or rest or "*" in item:
            raise ValueError("expects one or more origins such as https://app.example.com")
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        port = "" if url.port in {None, {"http": 80, "https": 443}[url.scheme]} else f":{url.port}"
        found.append(f"{url.scheme}://{host}{port}")
    if not found:
        raise ValueError("expects one or more origins such as https://app.example.com")
    return tuple(found)


def hours(value: str) -> float:
    """A positive number of hours."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= LONGEST_EXPIRATION:
        raise ValueError(f"expects a positive number of hours, {LONGEST_EXPIRATION} at most")
    return number


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise ValueError(f"expects a whole number from {least} to {most}")
        return int(value)

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of these words, in any case."""

    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"expects one of {', '.join(choices)}")
        return value.lower()

    return parse


def names(value: str) -> tuple[str, ...]:
    """Names of modules, separated by commas."""
    found = tuple(filter(None, (part.strip() for part in value.split(","))))
    if not found or not all(part.isidentifier() for name in found for part in name.split(".")):
        raise ValueError("expects names separated by commas, such as auth,tasks,health,docs")
    return found
