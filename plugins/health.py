"""Health: for probes, and for people who open the address in a browser."""

from starlette.requests import Request
from typing_extensions import TypedDict

from core.errors import ApiError, Ending, Unavailable
from core.plugin import Plugin

plugin = Plugin("health", description="For probes.")

PATIENCE = 2.0  # seconds


class Health(TypedDict):
    """All is well."""

    status: str


class Welcome(TypedDict):
    """What this is, and where to go from here."""

    service: str
    docs: str
    openapi: str
    health: str


class NotReady(ApiError):
    """Requests that need the database would fail now."""

    status = 503
    sentence = "Database unavailable"


@plugin.get("/", returns=Welcome, public=True)
async def welcome(request: Request) -> Welcome:
    """What this is and where its documentation is."""
    return {
        "service": "Todo REST backend",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "health": "/health",
    }


@plugin.get("/health", returns=Health, public=True)
async def health(request: Request) -> Health:
    """Whether the process lives; the database is not touched."""
    return {"status": "healthy"}


@plugin.get("/health/ready", returns=Health, public=True, errors=[NotReady, Ending])
async def ready(request: Request) -> Health:
    """Whether requests can be served: after a real query, within two seconds."""
    if request.app.state.ending:
        raise Ending
    try:
        await request.app.state.database.ping(PATIENCE)
    except Unavailable as error:
        raise NotReady from error
    return {"status": "healthy"}
