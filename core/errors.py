"""Failures: a few kinds, one translation to `{"error": "<sentence>"}`."""

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.logs import log


class ApiError(HTTPException):
    """Something went wrong in the service itself.

    A subclass is one kind of answer that is no success, which a route declares; the first line
    of its docstring says in the documentation when it is given.
    """

    status = 500
    sentence = "Internal server error"
    headers: Mapping[str, str] | None = None
    """Header fields of the answer; each one can be given others."""

    def __init__(
        self, sentence: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(self.status, sentence or self.sentence, headers or self.headers)


class InvalidRequest(ApiError):
    """Not what the route takes."""

    status = 400
    sentence = "Invalid request"


class Unauthorized(ApiError):
    """No valid token, or one whose user is gone."""

    status = 401
    sentence = "Unauthorized"
    headers: Mapping[str, str] | None = {"WWW-Authenticate": "Bearer"}  # RFC 6750, section 3


class NotFound(ApiError):
    """Nothing has this URL."""

    status = 404
    sentence = "Not found"


class MethodNotAllowed(ApiError):
    """The path is there, the method is not (RFC 9110, section 15.5.6)."""

    status = 405
    sentence = "Method not allowed"


class BodyTooLarge(ApiError):
    """The body is larger than the service is set to take, 1 MiB by default."""

    status = 413
    sentence = "The request body is too large"


class UrlTooLong(ApiError):
    """A request target that no client of ours needs."""

    status = 414
    sentence = "The URL is too long"


class NotJson(ApiError):
    """The body is not JSON at all."""

    status = 422
    sentence = "The request body is not valid JSON"


class HeadTooLarge(ApiError):
    """More headers than a client of ours needs (RFC 6585, section 5)."""

    status = 431
    sentence = "The request's headers are too large"


class Unavailable(ApiError):
    """The database is away, or too slow."""

    status = 500  # the contract keeps 503 for overload
    sentence = "Service temporarily unavailable"


class TooManyConnections(ApiError):
    """More than MAX_CONNECTIONS."""

    status = 503
    sentence = "Too many connections, please try again"
    headers: Mapping[str, str] | None = {"Retry-After": "5", "Connection": "close"}


class ShuttingDown(ApiError):
    """The service has been told to end, and finishes what is under way as far as there is time."""

    status = 503
    sentence = "The service is shutting down"
    headers: Mapping[str, str] | None = {"Retry-After": "5"}


def error_response(error: HTTPException) -> Response:
    """The one shape of all errors."""
    sentence = error.detail
    if error.status_code == 404 and not isinstance(error, ApiError):  # the router's
        sentence = NotFound.sentence
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
    reason = _reason(error)
    _forget_rows(error)
    log.error("%s %s failed: %s", method, path, reason, exc_info=error)


def _reason(error: Exception) -> str:
    """What went wrong, and what brought it about where that is no error of ours."""
    sentence = error.detail if isinstance(error, HTTPException) else repr(error)
    cause = error.__cause__
    while isinstance(cause, HTTPException):
        cause = cause.__cause__
    return f"{sentence} ({cause!r})" if cause else sentence


def _forget_rows(error: BaseException) -> None:
    """PostgreSQL's DETAIL quotes the rows, which are nobody's business in a log."""
    link: BaseException | None = error
    while link:
        if hasattr(link, "detail") and not isinstance(link, HTTPException):
            link.detail = None
        link = link.__cause__ or link.__context__
