"""An endpoint: what stands behind one path, from the checks to the bytes of the answer."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core import body
from core.errors import BodyTooLarge, MethodNotAllowed, Unauthorized
from core.operation import Operation
from core.responses import dump

JSON = (b"content-type", b"application/json")


class Endpoint:
    """All operations of one path, as an ASGI application."""

    def __init__(self, operations: Mapping[str, Operation], max_body_bytes: int) -> None:
        self.operations = dict(operations)
        if "GET" in operations:
            self.operations.setdefault("HEAD", operations["GET"])
        self.allow = ", ".join(sorted({*self.operations, "OPTIONS"}))
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, run the handler, answer."""
        operation = self.operations.get(scope["method"])
        if operation is None:
            response = self._without_operation(scope)
            await response(scope, receive, send)
            return
        if operation.private and scope["state"]["user_id"] is None:
            raise Unauthorized
        self._check_length(scope)
        answer = await self._run(operation, Request(scope, receive, send))
        if isinstance(answer, Response):
            await answer(scope, receive, send)
        else:
            await _send_json(answer, operation.status, send)

    def _without_operation(self, scope: Scope) -> Response:
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers={"Allow": self.allow})
        raise MethodNotAllowed(headers={"Allow": self.allow})

    def _check_length(self, scope: Scope) -> None:
        """Refuse by Content-Length, before anything is read."""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > self.max_body_bytes:
                raise BodyTooLarge

    async def _run(self, operation: Operation, request: Request) -> Any:
        if operation.body is None:
            return await operation.handler(request)
        data = await body.read(request.receive, self.max_body_bytes)
        return await operation.handler(request, operation.body.parse(data))


def json_response(content: Any, status: int = 200, **options: Any) -> Response:
    """Content as JSON in a Starlette response, for what needs headers of its own."""
    return Response(dump(content), status, media_type="application/json", **options)


async def _send_json(content: Any, status: int, send: Send) -> None:
    """Content as JSON; for None nothing at all. Starlette's JSONResponse takes 5 µs more."""
    data, headers = b"", []
    if content is not None:
        data = dump(content)
        headers = [JSON, (b"content-length", b"%d" % len(data))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
