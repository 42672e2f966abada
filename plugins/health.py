"""Health: liveness and readiness probes, and an index at `/`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config
from starlette.requests import Request
from typing_extensions import TypedDict

from core.errors import ApiError, ShuttingDown, Unavailable
from core.operation import Json
from core.plugin import Plugin
from core.state import app_state

plugin = Plugin("health", description="For probes.", errors=())

PING_TIMEOUT = 2.0  # seconds
INDEX: Json = {
    "service": "Todo REST backend",
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
}


class Health(TypedDict):
    """The service is healthy."""

    status: Annotated[Literal["healthy"], Field(description="Always the same word.")]


@with_config(ConfigDict(json_schema_extra={"examples": [INDEX]}))
class Index(TypedDict):
    """Where to find what."""

    service: Annotated[str, Field(description="The name of the service.")]
    docs: Annotated[str, Field(description="The API documentation.")]
    openapi: Annotated[str, Field(description="The OpenAPI 3.1 document.")]
    health: Annotated[str, Field(description="The liveness probe.")]


class NotReady(ApiError):
    """The database does not answer."""

    status = 503
    sentence = "Database unavailable"


@plugin.get("/", returns=Index, public=True)
async def get_index(request: Request) -> Json:
    """Get the name of the service and its URLs."""
    return INDEX


@plugin.get("/health", returns=Health, public=True)
async def check_health(request: Request) -> Health:
    """Check that the process is alive.

    For liveness probes: the database is not queried.
    """
    return {"status": "healthy"}


@plugin.get("/health/ready", returns=Health, public=True, errors=[NotReady, ShuttingDown])
async def check_readiness(request: Request) -> Health:
    """Check that requests can be served.

    For load balancers: runs a query, for at most two seconds.
    """
    state = app_state(request)
    if state.shutting_down:
        raise ShuttingDown
    try:
        await state.database.ping(PING_TIMEOUT)
    except Unavailable as error:
        raise NotReady from error
    return {"status": "healthy"}
