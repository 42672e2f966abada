"""The types of settings that are parsed from text; ValueError says what is expected."""

import socket
from importlib.util import find_spec
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from core.database import dsn

DEFAULT_PORTS = {"http": 80, "https": 443}


def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them (RFC 6454, section 6.2): no path, no default port."""
    try:
        origins = tuple(map(_origin, _split(text)))
    except ValueError:
        origins = ()
    if not origins:
        raise ValueError("expects one or more origins such as https://app.example.com")
    return origins


def _origin(text: str) -> str:
    url = urlsplit(text)
    host = (url.hostname or "").encode("idna").decode()
    rest = url.path.rstrip("/") or url.query or url.fragment
    is_name = all(character.isalnum() or character in "_.-:" for character in host)
    if url.scheme not in DEFAULT_PORTS or rest or "@" in url.netloc or not (host and is_name):
        raise ValueError
    host = f"[{host}]" if ":" in host else host
    port = "" if url.port in {None, DEFAULT_PORTS[url.scheme]} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def _bind_address(text: str) -> str:
    try:
        socket.getaddrinfo(text, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError("expects an address of this machine, such as 0.0.0.0") from None
    return text


def _networks(text: str) -> str:
    try:
        for item in _split(text.replace("*", "0.0.0.0/0")):
            ip_network(item)
    except ValueError:
        raise ValueError("expects addresses or networks such as 10.0.0.0/8, or *") from None
    return text


def _modules(text: str) -> tuple[str, ...]:
    names = _split(text)
    if not names or not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError("expects names separated by commas, such as auth,tasks,health,docs")
    return tuple(map(_module, names))


def _module(name: str) -> str:
    module = name if "." in name else f"plugins.{name}"
    try:
        found = find_spec(module)
    except ImportError:
        found = None
    if found is None:
        raise ValueError(f"{name}: there is no module {module}")
    return module


Dsn = Annotated[dsn.Dsn, BeforeValidator(dsn.parse)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_origins)]
BindAddress = Annotated[str, AfterValidator(_bind_address)]
Networks = Annotated[str, AfterValidator(_networks)]
Modules = Annotated[tuple[str, ...], BeforeValidator(_modules)]
