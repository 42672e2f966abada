"""Failures: a few kinds, one translation to `{"error": "<sentence>"}`."""

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.logs import log

SENTENCES = {404: "Not found", 405: "Method not allowed"}


class ApiError(HTTPException):
    """An answer that is no success. A subclass is one kind, which a route declares."""

    status = 500
    sentence = "Internal server error"

    def __init__(
        self, sentence: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(self.status, sentence or self.sentence, headers)


class InvalidRequest(ApiError):
    """JSON, but not what the route wants."""

    status = 400
    sentence = "Invalid request"


class Unauthorized(ApiError):
    """No valid token, or one whose user is gone (RFC 6750, section 3)."""

    status = 401
    sentence = "Unauthorized"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class BodyTooLarge(ApiError):
    """More than MAX_BODY_BYTES."""

    status = 413
    sentence = "The request body is too large"


class UrlTooLong(ApiError):
    """A request target that no client of ours needs."""

    status = 414
    sentence = "The URL is too long"


class HeadersTooLarge(ApiError):
    """More than 64 KiB (RFC 6585, section 5)."""

    status = 431
    sentence = "The request's headers are too large"


class NotJson(ApiError):
    """Not JSON at all."""

    status = 422
    sentence = "The request body is not valid JSON"


class Unavailable(ApiError):
    """The database is away, or too slow."""

    sentence = "Service temporarily unavailable"


class TooManyConnections(ApiError):
    """More than MAX_CONNECTIONS."""

    status = 503
    sentence = "Too many connections, please try again"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5", "Connection": "close"})


class Ending(ApiError):
    """The service has been told to end, and finishes what is under way as far as there is time."""

    status = 503
    sentence = "The service is shutting down"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


def error_response(error: HTTPException) -> Response:
    """The one shape of all errors."""
    sentence = SENTENCES.get(error.status_code, error.detail)
    if isinstance(error, ApiError):
        sentence = error.detail
    body = msgspec.json.encode({"error": sentence})
    return Response(body, error.status_code, error.headers, media_type="application/json")


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's exception handler for every HTTPException, the router's own included."""
    if not isinstance(error, HTTPException):
        raise error
    method, path = request.scope["method"], request.scope["path"]
    if error.status_code == 500 or (error.status_code > 500 and error.__cause__):
        log_failure(method, path, error)
    elif error.status_code > 500:
        log.warning("%s %s refused: %s", method, path, error.detail)
    return error_response(error)


def log_failure(method: str, path: str, error: Exception) -> None:
    """One record with the reason and the stack trace, without what the database says of rows."""
    sentence = error.detail if isinstance(error, HTTPException) else repr(error)
    cause = error.__cause__
    while isinstance(cause, HTTPException):
        cause = cause.__cause__
    reason = f" ({cause!r})" if cause else ""
    cause = error
    while cause:
        if hasattr(cause, "detail") and not isinstance(cause, HTTPException):
            cause.detail = None
        cause = cause.__cause__ or cause.__context__
    log.error("%s %s failed: %s%s", method, path, sentence, reason, exc_info=error)
