"""An endpoint: all operations of one path, from the checks to the bytes of the response."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core import body
from core.errors import BodyTooLarge, MethodNotAllowed, Unauthorized
from core.operation import Operation
from core.responses import send_json


class Endpoint:
    """An ASGI application that runs the operation of the request's method."""

    def __init__(self, operations: Mapping[str, Operation], max_body_bytes: int) -> None:
        self.operations = dict(operations)
        if "GET" in operations:
            self.operations.setdefault("HEAD", operations["GET"])
        self.allow = ", ".join(sorted({*self.operations, "OPTIONS"}))
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request, run the handler, send what it returns."""
        operation = self.operations.get(scope["method"])
        if operation is None:
            await self._options(scope)(scope, receive, send)
            return
        if not operation.public and scope["state"]["user_id"] is None:
            raise Unauthorized
        self._check_content_length(scope)
        result = await self._run(operation, Request(scope, receive, send))
        if isinstance(result, Response):
            await result(scope, receive, send)
        else:
            await send_json(send, result, operation.status)

    def _options(self, scope: Scope) -> Response:
        """The response to OPTIONS. Raises MethodNotAllowed for any other method."""
        headers = {"Allow": self.allow}
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers=headers)
        raise MethodNotAllowed(headers=headers)

    def _check_content_length(self, scope: Scope) -> None:
        """Refuse a body that is announced as too large before it is read."""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > self.max_body_bytes:
                raise BodyTooLarge

    async def _run(self, operation: Operation, request: Request) -> Any:
        if operation.body is None:
            return await operation.handler(request)
        data = await body.read(request.receive, self.max_body_bytes)
        return await operation.handler(request, operation.body.parse(data))
