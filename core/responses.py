"""Responses: JSON in UTF-8, and the one shape of every error."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Send

_encode = msgspec.json.Encoder().encode
JSON = (b"content-type", b"application/json")
# msgspec leaves out a fraction of zero; the contract promises six digits. A quote within a
# string is escaped, so `_at":"` can only stand between a key and its value. The lookahead for
# the Z takes a third of the time of matching the whole time first.
WHOLE_SECOND = re.compile(rb'(?s)_at":"(?=.{19}Z)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z")')


def to_json(content: Any) -> bytes:
    """Encode as JSON: times in UTC with microseconds, UUIDs in canonical form."""
    return WHOLE_SECOND.sub(rb"\g<0>.000000", _encode(content))


def error_body(sentence: str) -> bytes:
    """The body of every error response."""
    return _encode({"error": sentence})


def json_response(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A Starlette response for JSON that needs headers of its own."""
    return Response(to_json(content), status, headers, media_type="application/json")


async def send_json(send: Send, content: Any, status: int) -> None:
    """Send content as JSON, or no body for None; 5 µs less than a Starlette response."""
    data, headers = b"", []
    if content is not None:
        data = to_json(content)
        headers = [JSON, (b"content-length", b"%d" % len(data))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
