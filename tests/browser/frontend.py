"""A frontend's own web server, on an origin of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.support.node import Example
from tests.support.program import free_port

TYPES = {"html": "text/html", "js": "text/javascript"}
PAGE = b'<!doctype html><link rel="icon" href="data:,"><title>A frontend</title>'


class Frontend:
    """Serves an empty page at /, and the files that it is given."""

    def __init__(self) -> None:
        self.files = {"/": PAGE}
        files = self.files

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = files.get(self.path)
                self.send_response(200 if content else 404)
                self.send_header(
                    "Content-Type", TYPES.get(self.path.rpartition(".")[2], "text/html")
                )
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def serve_vite(self, example: Example, service: str, path: str) -> str:
        """Build an example for a service, and serve its page at a path; its URL."""
        done = example.npm_run("build", VITE_API_URL=service)
        assert done.returncode == 0, done.stdout + done.stderr
        dist = example.directory / "dist"
        self.files |= {f"/assets/{file.name}": file.read_bytes() for file in dist.glob("assets/*")}
        self.files[path] = (dist / "index.html").read_bytes()
        return self.origin + path

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
