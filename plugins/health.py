"""Health: for probes, and for people who open the address in a browser."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config
from starlette.requests import Request
from typing_extensions import TypedDict

from core.errors import ApiError, ShuttingDown, Unavailable
from core.operation import Answer
from core.plugin import Plugin

plugin = Plugin("health", description="For probes.", errors=())

PING_TIMEOUT = 2.0  # seconds
WELCOME: Answer = {
    "service": "Todo REST backend",
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
}


class Health(TypedDict):
    """All is well."""

    status: Annotated[Literal["healthy"], Field(description="Always the same word.")]


@with_config(ConfigDict(json_schema_extra={"examples": [WELCOME]}))
class Welcome(TypedDict):
    """What this is, and where to go from here."""

    service: Annotated[str, Field(description="What this is.")]
    docs: Annotated[str, Field(description="Where its documentation is, to read and to try.")]
    openapi: Annotated[str, Field(description="Where that is for programs: OpenAPI 3.1.")]
    health: Annotated[str, Field(description="What a probe asks.")]


class NotReady(ApiError):
    """Requests that need the database would fail now."""

    status = 503
    sentence = "Database unavailable"


@plugin.get("/", returns=Welcome, public=True)
async def get_welcome(request: Request) -> Answer:
    """What this is, and where its documentation is."""
    return WELCOME


@plugin.get("/health", returns=Health, public=True)
async def check_health(request: Request) -> Health:
    """Whether the service is alive.

    For liveness probes: the database is not touched.
    """
    return {"status": "healthy"}


@plugin.get("/health/ready", returns=Health, public=True, errors=[NotReady, ShuttingDown])
async def check_readiness(request: Request) -> Health:
    """Whether requests can be served.

    For load balancers: after a real query, within two seconds.
    """
    if request.app.state.shutting_down:
        raise ShuttingDown
    try:
        await request.app.state.database.ping(PING_TIMEOUT)
    except Unavailable as error:
        raise NotReady from error
    return {"status": "healthy"}
