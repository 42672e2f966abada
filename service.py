"""A Todo REST backend: sign-up, log-in and private task lists over HTTP."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from core import __version__, logs, plugin
from core.accounts.passwords import Passwords
from core.accounts.tokens import Identify, Tokens
from core.cors import Cors
from core.database import dsn, schema
from core.database.database import Database
from core.errors import answer_http_exception
from core.middleware import Exchange
from core.openapi.document import document
from core.responses import dump
from core.settings import Settings
from server import cli as command_line
from server.workers import end_with_parent, on_terminate

SAFE_SECRET = 32  # bytes: what HS256 asks for (RFC 7518, section 3.2)


def create_app(settings: Settings | None = None) -> Starlette:
    """The service as an ASGI application, by default with the settings of the environment."""
    settings = settings or Settings.load_or_exit()
    logs.configure(settings.log_level, settings.log_format, settings.forwarded_allow_ips)
    plugins = plugin.load(settings.plugins)
    if len(settings.better_auth_secret.encode()) < SAFE_SECRET:
        logs.log.warning("BETTER_AUTH_SECRET is short: use %d bytes or more", SAFE_SECRET)
    tokens = Tokens(
        settings.better_auth_secret,
        settings.jwt_expiration_hours,
        settings.better_auth_secret_previous,
    )
    cors = Cors(settings.frontend_url)
    app = Starlette(
        routes=plugin.routes(plugins, settings.max_body_bytes),
        middleware=[
            Middleware(Exchange, cors),
            Middleware(Identify, tokens),
        ],
        exception_handlers={HTTPException: answer_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.tokens = tokens
    app.state.cors = cors
    app.state.shutting_down = False
    app.state.openapi = cache(lambda: dump(document(plugins, version=__version__)))
    return app


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Between the first moment and the last: tables, connections, threads."""
    settings: Settings = app.state.settings
    app.state.database = Database(
        dsn.parse(settings.database_url), settings.db_pool_size // settings.web_concurrency
    )
    app.state.passwords = Passwords()
    await schema.prepare_or_exit(app.state.database.connector)
    end_with_parent()
    on_terminate(partial(setattr, app.state, "shutting_down", True))
    gc.collect()
    gc.set_threshold(10_000)
    gc.freeze()  # what is there now stays: the collector need not look at it again
    try:
        yield
    finally:
        app.state.passwords.close()
        await app.state.database.close()


if __name__ == "__main__":
    command_line.main(__doc__)
