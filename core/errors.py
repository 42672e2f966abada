"""Errors: a few kinds, and their translation to `{"error": "<sentence>"}`."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.logs import log
from core.responses import error_body


class ApiError(HTTPException):
    """An unexpected error in the service.

    A subclass is one kind of error response, which a route declares; the first line of its
    docstring says in the API documentation when it is given.
    """

    status = 500
    sentence = "Internal server error"
    headers: Mapping[str, str] | None = None
    """Response headers; an instance can be given others."""

    def __init__(
        self, sentence: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(self.status, sentence or self.sentence, headers or self.headers)


class InvalidRequest(ApiError):
    """The request does not fit the route."""

    status = 400
    sentence = "Invalid request"


class UpgradeWithBody(InvalidRequest):
    """A request with a body offers another protocol, which ends HTTP/1.1 in httptools."""

    sentence = "A request with a body cannot upgrade the protocol"


class Unauthorized(ApiError):
    """No valid token, or one whose user is gone."""

    status = 401
    sentence = "Unauthorized"
    headers: Mapping[str, str] | None = {"WWW-Authenticate": "Bearer"}  # RFC 6750, section 3


class NotFound(ApiError):
    """No route has this path."""

    status = 404
    sentence = "Not found"


class MethodNotAllowed(ApiError):
    """The path has no such method (RFC 9110, section 15.5.6)."""

    status = 405
    sentence = "Method not allowed"


class BodyTooLarge(ApiError):
    """The body is larger than MAX_BODY_BYTES, 1 MiB by default."""

    status = 413
    sentence = "The request body is too large"


class UrlTooLong(ApiError):
    """The request target is longer than 8 KiB."""

    status = 414
    sentence = "The URL is too long"


class NotJson(ApiError):
    """The body is not JSON at all."""

    status = 422
    sentence = "The request body is not valid JSON"


class HeadTooLarge(ApiError):
    """The headers are larger than 64 KiB (RFC 6585, section 5)."""

    status = 431
    sentence = "The request's headers are too large"


class Unavailable(ApiError):
    """The database cannot be reached, or does not answer in time."""

    status = 500  # the contract keeps 503 for overload
    sentence = "Service temporarily unavailable"


class TooManyConnections(ApiError):
    """More than MAX_CONNECTIONS connections are open."""

    status = 503
    sentence = "Too many connections, please try again"
    headers: Mapping[str, str] | None = {"Retry-After": "5", "Connection": "close"}


class ShuttingDown(ApiError):
    """The service is stopping; requests in flight are finished within a few seconds."""

    status = 503
    sentence = "The service is shutting down"
    headers: Mapping[str, str] | None = {"Retry-After": "5"}


def error_response(error: HTTPException) -> Response:
    """The response for an error. A 404 of Starlette's router gets our sentence."""
    sentence = error.detail
    if error.status_code == 404 and not isinstance(error, ApiError):
        sentence = NotFound.sentence
    body = error_body(sentence)
    return Response(body, error.status_code, error.headers, media_type="application/json")


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's exception handler for every HTTPException, the router's included."""
    if not isinstance(error, HTTPException):
        raise error
    method, path = request.scope["method"], request.scope["path"]
    if error.status_code == 500 or (error.status_code > 500 and error.__cause__):
        log_failure(method, path, error)
    elif error.status_code > 500:
        log.warning("%s %s refused: %s", method, path, error.detail)
    return error_response(error)


def log_failure(method: str, path: str, error: Exception) -> None:
    """Log one record with the reason and the stack trace, without values of rows."""
    reason = _reason(error)
    _remove_row_values(error)
    log.error("%s %s failed: %s", method, path, reason, exc_info=error)


def _reason(error: Exception) -> str:
    """The sentence of the error, and the first cause that is not an HTTPException."""
    sentence = error.detail if isinstance(error, HTTPException) else repr(error)
    cause = error.__cause__
    while isinstance(cause, HTTPException):
        cause = cause.__cause__
    return f"{sentence} ({cause!r})" if cause else sentence


def _remove_row_values(error: BaseException) -> None:
    """PostgreSQL's DETAIL quotes values of rows, which must not be logged."""
    link: BaseException | None = error
    while link:
        if hasattr(link, "detail") and not isinstance(link, HTTPException):
            link.detail = None
        link = link.__cause__ or link.__context__
