"""A constant body of the size of a list, without token, router or database: uvicorn's limit."""

import json

TASK = {
    "id": "d4c816f6-260e-475d-813e-7bff10b5c4fe",
    "title": "x" * 30,
    "description": "y" * 80,
    "completed": False,
    "user_id": "d9c39d5c-7386-46a7-a7e4-0ebfa5a7df1c",
    "created_at": "2026-11-22T18:46:29.369679Z",
    "updated_at": "2026-11-22T18:46:29.369679Z",
}
BODY = json.dumps({"tasks": [TASK] * 20}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
