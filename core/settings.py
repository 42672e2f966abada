"""Settings: the environment, read once and checked as a whole."""

import sys
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, Self

from pydantic import (
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.setting_types import BindAddress, Dsn, Modules, Networks, Origins

MAX_EXPIRATION_HOURS = 876_000  # a hundred years


class SettingsError(Exception):
    """The environment is not usable; `faults` has one line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseSettings):
    """All settings: each field is the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", enable_decoding=False, extra="ignore", frozen=True, validate_default=False
    )

    database_url: Dsn = Field(
        repr=False,
        description="PostgreSQL: postgresql://user:password@host:5432/name and libpq parameters",
    )
    better_auth_secret: str = Field(
        repr=False, description="key of the tokens, shared with Better Auth; 32 bytes or more"
    )
    better_auth_secret_previous: str = Field(
        "",
        repr=False,
        description="the secret before the last change: its tokens stay valid until they expire",
    )
    frontend_url: Origins = Field(
        description="origins that browsers may call from, separated by commas"
    )
    jwt_expiration_hours: float = Field(
        24.0, gt=0, le=MAX_EXPIRATION_HOURS, description="how long a token is valid"
    )
    host: BindAddress = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    web_concurrency: int = Field(1, ge=1, le=512, description="worker processes")
    db_pool_size: int = Field(
        50, ge=1, le=10_000, description="database connections in all, over all workers"
    )
    max_body_bytes: int = Field(1_048_576, ge=1, le=2**30, description="largest request body")
    max_connections: int = Field(
        2000, ge=1, le=1_000_000, description="open connections from clients, for each worker"
    )
    forwarded_allow_ips: Networks = Field(
        "127.0.0.1,::1",
        description="proxies whose X-Forwarded-For is trusted: addresses or networks, * for all",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )
    log_format: Literal["json", "text"] = Field(
        default_factory=lambda: "text" if sys.stdout.isatty() else "json",
        description="json or text; by default text on a terminal and json elsewhere",
    )
    plugins: Modules = Field(
        ("plugins.auth", "plugins.tasks", "plugins.health", "plugins.docs"),
        description="names of plugins, or dotted names of modules of your own",
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_blank_values(cls, values: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if str(value).strip()}
        for name in given.keys() & {"log_level", "log_format"}:
            given[name] = given[name].lower()
        return given

    @field_validator("*", mode="before")
    @classmethod
    def _check_encoding(cls, value: Any) -> Any:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise ValueError("expects text in UTF-8") from None
        return value

    @model_validator(mode="after")
    def _check_pool_size(self) -> Self:
        if self.db_pool_size < self.web_concurrency:
            raise ValueError("DB_POOL_SIZE: expects at least one connection for each worker")
        return self

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment and `.env`, with `environ` before both.

        Raises SettingsError with every fault at once; no fault contains a value.
        """
        try:
            given: dict[str, Any] = {name.lower(): value for name, value in (environ or {}).items()}
            return cls(**given)
        except ValidationError as error:
            raise SettingsError([_explain(each) for each in error.errors()]) from None
        except UnicodeDecodeError:
            raise SettingsError([".env: expects text in UTF-8"]) from None
        except OSError as error:
            raise SettingsError([f".env: cannot be read: {error.strerror}"]) from None

    @classmethod
    def load_or_exit(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The same; print the faults on stderr and exit with 2 where there are any."""
        try:
            return cls.load(environ)
        except SettingsError as error:
            exit_with(2, *error.faults)


def _explain(error: ErrorDetails) -> str:
    reason = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not error["loc"]:
        return reason
    name = str(error["loc"][0])
    if error["type"] == "missing":
        reason = f"is required: {Settings.model_fields[name].description}"
    return f"{name.upper()}: {reason}"


def exit_with(status: int, *lines: str) -> NoReturn:
    """End the program with one line on stderr for each fault."""
    for line in lines:
        print(f"error: {line}", file=sys.stderr)  # noqa: T201
    raise SystemExit(status)
