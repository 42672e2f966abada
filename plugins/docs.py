"""Docs: the OpenAPI document, and a page that shows it without any foreign host."""

from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from core.errors import NotFound
from core.plugin import Plugin

plugin = Plugin("docs")

ASSETS = Path(__file__).with_name("docs_assets")
SERVED = {"swagger-ui-bundle.js", "swagger-ui.css", "page.js", "page.css"}
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


@plugin.get("/openapi.json", public=True, documented=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI 3.1 document of all loaded plugins."""
    return Response(request.app.state.openapi(), media_type="application/json")


@plugin.get("/docs", public=True, documented=False)
async def page(request: Request) -> Response:
    """The documentation, to read and to try."""
    return _whole(request, "index.html", PAGE_HEADERS)


@plugin.get("/docs/{asset}", public=True, documented=False)
async def asset(request: Request) -> Response:
    """A part of the page."""
    name = request.path_params["asset"]
    if name not in SERVED:
        raise NotFound
    return _whole(request, name, {"Cache-Control": "max-age=3600"})


def _whole(request: Request, name: str, headers: Mapping[str, str]) -> FileResponse:
    """A file, also where a part of it is asked for: Starlette's errors there are plain text."""
    scope = request.scope
    scope["headers"] = [each for each in scope["headers"] if each[0] != b"range"]
    return FileResponse(ASSETS / name, headers={**headers, "Accept-Ranges": "none"})
