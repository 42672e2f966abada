"""Starlette and asyncpg by hand: plain SQL, orjson, and no more validation than necessary."""

import asyncio
import contextlib
import os
from uuid import UUID

import asyncpg
import bcrypt
import jwt
import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["BETTER_AUTH_SECRET"]
COLUMNS = "id, title, description, completed, user_id, created_at, updated_at"
LIST = f"SELECT {COLUMNS} FROM tasks WHERE user_id = $1 ORDER BY created_at DESC, id"
INSERT = f"""INSERT INTO tasks (title, description, user_id) VALUES ($1, $2, $3)
    RETURNING {COLUMNS}"""
UPDATE = f"""UPDATE tasks SET title = coalesce($3, title), completed = coalesce($4, completed),
    updated_at = now() WHERE id = $1 AND user_id = $2 RETURNING {COLUMNS}"""


def respond(content, status=200):
    body = orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)  # default: asyncpg's UUID
    return Response(body, status, media_type="application/json")


def user_id(request):
    token = request.headers["authorization"].removeprefix("Bearer ")
    return UUID(jwt.decode(token, SECRET, algorithms=["HS256"])["sub"])


async def health(request):
    return respond({"status": "healthy"})


async def log_in(request):
    body = orjson.loads(await request.body())
    row = await pool.fetchrow("SELECT id, password_hash FROM users WHERE email = $1", body["email"])
    hashed = row["password_hash"].encode()
    if not await asyncio.to_thread(bcrypt.checkpw, body["password"].encode(), hashed):
        return respond({"error": "Invalid email or password"}, 401)
    claims = {"sub": str(row["id"]), "exp": 4_000_000_000}
    return respond({"token": jwt.encode(claims, SECRET, "HS256")})


async def list_tasks(request):
    rows = await pool.fetch(LIST, user_id(request))
    return respond({"tasks": list(map(dict, rows))})


async def create_task(request):
    owner, body = user_id(request), orjson.loads(await request.body())
    row = await pool.fetchrow(INSERT, body["title"].strip(), body.get("description"), owner)
    return respond({"task": dict(row)}, 201)


async def update_task(request):
    owner, body = user_id(request), orjson.loads(await request.body())
    task_id = UUID(request.path_params["id"])
    row = await pool.fetchrow(UPDATE, task_id, owner, body.get("title"), body.get("completed"))
    return respond({"task": dict(row)}) if row else respond({"error": "Task not found"}, 404)


@contextlib.asynccontextmanager
async def lifespan(app):
    global pool
    size = int(os.environ["DB_POOL_SIZE"])
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=size) as pool:
        yield


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/health", health),
        Route("/api/auth/login", log_in, methods=["POST"]),
        Route("/api/tasks", list_tasks),
        Route("/api/tasks", create_task, methods=["POST"]),
        Route("/api/tasks/{id}", update_task, methods=["PUT"]),
    ],
)
