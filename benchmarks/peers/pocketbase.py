"""PocketBase: its collection, its data, and its form of the same requests.

Users and tasks are written into its SQLite file, since its API hashes a password for each user.
"""

import hashlib
import json
import sqlite3
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.data import TITLE, Request, User, sign

ADMIN = {"identity": "admin@example.com", "password": "an-admin-password"}
RECORDS = "/api/collections/tasks/records"
OWN = '@request.auth.id != "" && owner = @request.auth.id'
TASK_FIELDS = (
    {"name": "title", "type": "text", "required": True, "max": 255},
    {"name": "description", "type": "text", "max": 1000},
    {"name": "completed", "type": "bool"},
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
)


def command(binary: Path, folder: Path, port: int) -> list[str]:
    """The command that serves; the first run in a folder creates the administrator."""
    base = [str(binary), "--dir", str(folder / "pocketbase")]
    account = [ADMIN["identity"], ADMIN["password"]]
    subprocess.run([*base, "superuser", "upsert", *account], check=True, capture_output=True)  # noqa: S603
    return [*base, "serve", "--http", f"127.0.0.1:{port}"]


def create_collection(url: str) -> None:
    """Create tasks that only their owner can read and change, and turn request logs off."""
    token = _call(url, "POST", "/api/collections/_superusers/auth-with-password", ADMIN)["token"]
    users = _call(url, "GET", "/api/collections/users", None, token)["id"]
    owner = {"name": "owner", "type": "relation", "collectionId": users, "required": True}
    rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), OWN)
    index = "CREATE INDEX idx_tasks_owner ON tasks (owner, created)"
    tasks = {"name": "tasks", "type": "base", "fields": [*TASK_FIELDS, owner], "indexes": [index]}
    _call(url, "POST", "/api/collections", tasks | rules, token)
    _call(url, "PATCH", "/api/settings", {"logs": {"maxDays": 0}}, token)


def fill(folder: Path, users: list[User]) -> str:
    """Insert the users and their tasks; return the secret of the users' tokens."""
    database = sqlite3.connect(folder / "pocketbase/data.db")
    time = "2026-01-01 00:00:00.000Z"
    database.executemany(
        "INSERT INTO users (id, email, password, tokenKey, created, updated, verified)"
        " VALUES (?, ?, '!', ?, ?, ?, 1)",
        [(_record(u.id), u.email, _token_key(u), time, time) for u in users],
    )
    database.executemany(
        "INSERT INTO tasks (id, title, description, completed, owner, created, updated)"
        " VALUES (?, ?, ?, 0, ?, ?, ?)",
        [(_record(t), TITLE, "y" * 80, _record(u.id), time, time) for u in users for t in u.tasks],
    )
    database.commit()
    ((options,),) = database.execute("SELECT options FROM _collections WHERE name = 'users'")
    database.close()
    return str(json.loads(options)["authToken"]["secret"])


def translate(request: Request, secret: str) -> Request:
    """The same request in PocketBase's API."""
    user = _record(request.user.id)
    claims = {"id": user, "collectionId": "_pb_users_auth_", "type": "auth", "refreshable": True}
    token = sign(claims, _token_key(request.user) + secret)
    path, body, method = RECORDS, request.body, request.method
    if method == "GET":
        path += "?sort=-created&perPage=1000&skipTotal=1"
    elif method == "POST":
        body = {**(body or {}), "owner": user}
    else:
        method, path = "PATCH", f"{RECORDS}/{_record(request.path.rpartition('/')[2])}"
    return request._replace(method=method, path=path, token=token, body=body)


def _record(uuid: str) -> str:
    return uuid.replace("-", "")[:15]


def _token_key(user: User) -> str:
    return hashlib.sha256(user.id.encode()).hexdigest()[:50]


def _call(url: str, method: str, path: str, body: Any, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": token}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        return json.load(response)
