"""Error responses as bytes, for what never became an ASGI request."""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from core import logs
from core.cors import Cors, Headers
from core.middleware import NO_STORE, common_headers, request_id_of
from core.responses import JSON, error_body


def raw_response(
    cors: Cors,
    status: int,
    sentence: str,
    *,
    request_headers: dict[bytes, bytes],
    client: tuple[str, int] | None,
    server_headers: Iterable[tuple[bytes, bytes]],
) -> bytes:
    """A whole error response, the last of its connection; a 400 is logged.

    `request_headers` are those that have arrived so far.
    """
    request_id = request_id_of(request_headers)
    if status == 400:
        with logs.request_context({"request_id": request_id, "client": client}):
            logs.log.warning("refused: %s", sentence)
    body = error_body(sentence)
    headers: Headers = [
        *server_headers,
        *common_headers(cors, request_headers, request_id),
        JSON,
        NO_STORE,
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    head = b"".join(b"%b: %b\r\n" % header for header in headers)
    return STATUS_LINE[status] + head + b"\r\n" + body
