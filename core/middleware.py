"""What every answer has: a request id, security headers, CORS, and an end even after a bug."""

import asyncio
import itertools
import re
import secrets

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import logs
from core.cors import Cors, Headers, is_preflight, preflight_grant
from core.errors import ApiError, InvalidRequest, ShuttingDown, error_response, log_failure

SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~+/=:-]{1,128}")
NOSNIFF = (b"x-content-type-options", b"nosniff")
NO_STORE = (b"cache-control", b"no-store")

_prefix = secrets.token_hex(6)
_numbers = itertools.count(1)


class Exchange:
    """The outermost middleware: Starlette's own 500 has neither CORS headers nor our shape."""

    def __init__(self, app: ASGIApp, cors: Cors) -> None:
        self.app = app
        self.cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = request_id_of(headers)
        scope["request_id"] = request_id
        logs.current_scope.set(scope)
        extra = common_fields(self.cors, headers, request_id)
        if scope["path"].startswith("/api/"):
            extra.append(NO_STORE)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        try:
            await self._choose(scope, headers)(scope, receive, send_with_headers)
        except ClientDisconnect:
            pass
        except (Exception, asyncio.CancelledError) as error:
            if started:
                raise
            await error_response(_told(scope, error))(scope, receive, send_with_headers)

    def _choose(self, scope: Scope, headers: dict[bytes, bytes]) -> ASGIApp:
        """Who answers: the application, unless the wire or CORS refuses."""
        if "refusal" in scope:
            return error_response(scope["refusal"]())
        if is_preflight(scope["method"], headers):
            return self._preflight(headers)
        return self.app

    def _preflight(self, headers: dict[bytes, bytes]) -> Response:
        if refusal := self.cors.refusal(headers):
            return error_response(InvalidRequest(refusal))
        response = Response(status_code=204)
        response.raw_headers += preflight_grant(headers)
        return response


def _told(scope: Scope, error: BaseException) -> ApiError:
    """What to say of an error that nobody expected, or when the time at the end is over."""
    if not isinstance(error, Exception):
        return ShuttingDown()
    log_failure(scope["method"], scope["path"], error)
    return ApiError()


def common_fields(cors: Cors, headers: dict[bytes, bytes], request_id: str) -> Headers:
    """The header fields of every answer to a request with these headers."""
    return [NOSNIFF, (b"x-request-id", request_id.encode()), *cors.grant(headers.get(b"origin"))]


def request_id_of(headers: dict[bytes, bytes]) -> str:
    """The client's own id, where it is short and harmless in a log, else a new one."""
    given = headers.get(b"x-request-id")
    if given and SANE_REQUEST_ID.fullmatch(given):
        return given.decode()
    return f"{_prefix}{next(_numbers):08x}"
