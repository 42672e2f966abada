"""A Todo REST backend: sign-up, log-in and private task lists over HTTP."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core import __version__, logs, plugin
from core.accounts.passwords import Passwords
from core.accounts.tokens import IdentifyCaller, Tokens
from core.cors import Cors
from core.database import schema
from core.database.database import Database
from core.errors import handle_http_exception
from core.middleware import CommonResponseHeaders
from core.openapi.document import document
from core.responses import to_json
from core.settings import Settings
from core.state import AppState
from server import cli
from server.workers import end_with_parent, on_terminate


def create_app(settings: Settings | None = None) -> Starlette:
    """The service as an ASGI application, with the settings of the environment by default."""
    settings = settings or Settings.load_or_exit()
    logs.configure(settings.log_level, settings.log_format)
    plugins = plugin.load_or_exit(settings.plugins)
    state = AppState(
        settings=settings,
        tokens=Tokens.from_settings(settings),
        cors=Cors(settings.frontend_url),
        openapi=cache(lambda: to_json(document(plugins, version=__version__))),
    )
    app = Starlette(
        routes=plugin.routes(plugins, settings.max_body_bytes),
        middleware=[
            Middleware(ProxyHeadersMiddleware, settings.forwarded_allow_ips),
            Middleware(CommonResponseHeaders, state.cors),
            Middleware(IdentifyCaller, state.tokens),
        ],
        exception_handlers={HTTPException: handle_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state = state  # type: ignore[assignment]  # Starlette's is untyped
    return app


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open what the application needs while it runs: tables, connections, threads."""
    state = cast("AppState", app.state)
    settings = state.settings
    state.database = Database(
        settings.database_url, settings.db_pool_size // settings.web_concurrency
    )
    state.passwords = Passwords()
    await schema.prepare_or_exit(state.database.connector)
    end_with_parent()
    on_terminate(state.begin_shutdown)
    gc.collect()
    gc.set_threshold(10_000)
    gc.freeze()  # objects that live as long as the process are not scanned again
    try:
        yield
    finally:
        state.passwords.close()
        await state.database.close()


if __name__ == "__main__":
    cli.main(prog_name=cli.PROGRAM)
