"""Answers written to the wire by hand: to what never became a request."""

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from core import logs
from core.cors import Headers
from core.endpoint import JSON
from core.middleware import NO_STORE, common_fields, request_id_of


def raw_answer(
    app: Starlette,
    status: int,
    sentence: str,
    *,
    heard: dict[bytes, bytes],
    client: Any,
    server_fields: Iterable[tuple[bytes, bytes]],
) -> bytes:
    """A whole answer in the shape of all errors, the last of its connection.

    `heard` are the header fields that have come so far; what is no HTTP at all (400) is logged.
    """
    request_id = request_id_of(heard)
    if status == 400:
        scope = {"request_id": request_id, "client": client, "headers": heard.items()}
        with logs.about(scope):
            logs.log.warning("refused: %s", sentence)
    body = msgspec.json.encode({"error": sentence})
    fields: Headers = [
        *server_fields,
        *common_fields(app.state.cors, heard, request_id),
        JSON,
        NO_STORE,
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    head = b"".join(b"%b: %b\r\n" % field for field in fields)
    return STATUS_LINE[status] + head + b"\r\n" + body
