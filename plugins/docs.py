"""Docs: the OpenAPI document, and a page that shows it without a foreign host."""

from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from core.errors import NotFound
from core.plugin import Plugin
from core.state import app_state

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
    return Response(app_state(request).openapi(), media_type="application/json")


@plugin.get("/docs", public=True, documented=False)
async def page(request: Request) -> Response:
    """The API documentation."""
    return _file(request, "index.html", PAGE_HEADERS)


@plugin.get("/docs/{asset}", public=True, documented=False)
async def asset(request: Request) -> Response:
    """A script or style sheet of the page."""
    name = request.path_params["asset"]
    if name not in SERVED:
        raise NotFound
    return _file(request, name, {"Cache-Control": "max-age=3600"})


def _file(request: Request, name: str, headers: Mapping[str, str]) -> FileResponse:
    """The whole file; a Range header is ignored, since Starlette's errors for it are plain text."""
    scope = request.scope
    scope["headers"] = [each for each in scope["headers"] if each[0] != b"range"]
    return FileResponse(ASSETS / name, headers={**headers, "Accept-Ranges": "none"})
