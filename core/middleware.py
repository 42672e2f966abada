"""The outermost middleware: request id, security headers, CORS, and an end to every error."""

import asyncio
import itertools
import re
import secrets

from starlette._utils import get_route_path
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import logs
from core.cors import Cors, Headers, is_preflight, preflight_headers
from core.errors import ApiError, InvalidRequest, ShuttingDown, error_response, log_failure

SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~+/=:-]{1,128}")
NOSNIFF = (b"x-content-type-options", b"nosniff")
NO_STORE = (b"cache-control", b"no-store")

_prefix = secrets.token_hex(6)
_numbers = itertools.count(1)


class CommonResponseHeaders:
    """Adds what every response has.

    It also handles unexpected errors, since the 500 of Starlette's ServerErrorMiddleware would
    have no CORS headers.
    """

    def __init__(self, app: ASGIApp, cors: Cors) -> None:
        self.app = app
        self.cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, or refuse the request before it gets there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = request_id_of(headers)
        scope["request_id"] = request_id
        logs.current_scope.set(scope)
        extra = common_headers(self.cors, headers, request_id)
        if get_route_path(scope).startswith("/api/"):
            extra.append(NO_STORE)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        try:
            await self._select_app(scope, headers)(scope, receive, send_with_headers)
        except ClientDisconnect:
            pass
        except (Exception, asyncio.CancelledError) as error:
            if started:
                raise
            response = error_response(_to_api_error(scope, error))
            await response(scope, receive, send_with_headers)

    def _select_app(self, scope: Scope, headers: dict[bytes, bytes]) -> ASGIApp:
        """The application, or a response where the protocol or CORS decides."""
        if "refusal" in scope:  # see server/protocol.py
            return error_response(scope["refusal"]())
        if is_preflight(scope["method"], headers):
            return self._preflight_response(headers)
        return self.app

    def _preflight_response(self, headers: dict[bytes, bytes]) -> Response:
        if refusal := self.cors.refusal(headers):
            return error_response(InvalidRequest(refusal))
        response = Response(status_code=204)
        response.raw_headers += preflight_headers(headers)
        return response


def _to_api_error(scope: Scope, error: BaseException) -> ApiError:
    """Log an unexpected error; a cancelled request has run out of time at the shutdown."""
    if not isinstance(error, Exception):
        return ShuttingDown()
    log_failure(scope["method"], scope["path"], error)
    return ApiError()


def common_headers(cors: Cors, headers: dict[bytes, bytes], request_id: str) -> Headers:
    """The headers of every response to a request with these headers."""
    return [NOSNIFF, (b"x-request-id", request_id.encode()), *cors.headers(headers.get(b"origin"))]


def request_id_of(headers: dict[bytes, bytes]) -> str:
    """The client's X-Request-ID where it is short and safe to log, else a new one."""
    given = headers.get(b"x-request-id")
    if given and SANE_REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"{_prefix}{next(_numbers):08x}"
