"""nginx before the service, with deploy/nginx.conf: who is who, and what it refuses by itself."""

import re
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from core.settings import Settings
from server.run import KEEP_ALIVE
from tests.conftest import FRONTEND
from tests.deploy.nginx import DEPLOY, PROGRAM, Nginx
from tests.support import expect, raw_http
from tests.support.program import Program, eventually, free_port
from tests.support.proxy import Proxy
from tests.support.tokens import bearer, in_seconds, sign
from tests.support.users import User, new_email

ORIGIN = {"Origin": FRONTEND}
LOGGED = bearer(sign({"exp": in_seconds(3600)}))  # the service has a warning for each
LIMIT = Settings.model_fields["max_body_bytes"].default
AWAY = "Service temporarily unavailable"

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs nginx")


@pytest.fixture(scope="module")
def program(start: Callable[..., Program], database_url: str) -> Program:
    return start(database_url)


@pytest.fixture
def directory(open_directory: Path) -> Path:
    """A directory that nginx's own user can reach."""
    made = open_directory / f"nginx-{uuid4().hex[:8]}"
    made.mkdir()
    return made


@pytest.fixture
def nginx(directory: Path, program: Program) -> Iterator[Nginx]:
    with Nginx(directory, program.port) as nginx:
        yield nginx


@pytest.fixture
def http(nginx: Nginx) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=nginx.url) as http:
        yield http


def by_nginx(answer: httpx.Response, status: int, message: str = "") -> None:
    """An error of nginx's own, which the frontend may read."""
    expect.error(answer, status, message)
    assert answer.headers.get_list("access-control-allow-origin") == [FRONTEND]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]


def number(name: str) -> int:
    """A figure of nginx.conf."""
    found = re.search(rf"^ *{name} (\d+)[sm];", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def test_it_is_what_nginx_takes(directory: Path) -> None:
    nginx = Nginx(directory, 8000)
    nginx.write()
    done = nginx.check()
    assert done.returncode == 0
    assert "[warn]" not in done.stderr.replace('the "user" directive', "")


def test_its_figures_agree_with_the_service() -> None:
    assert number("client_max_body_size") * 2**20 == LIMIT
    assert number("keepalive_timeout") < KEEP_ALIVE
    assert number("proxy_read_timeout") > 10


def test_the_log_names_the_client_and_not_whom_it_claims_to_be(
    nginx: Nginx, program: Program
) -> None:
    forged = LOGGED | {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": uuid4().hex}
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as http:
        assert http.get(f"{nginx.url}/api/tasks", headers=forged).status_code == 401
    found = eventually(lambda: program.records(forged["X-Request-ID"]))
    assert [record["client"] for record in found] == ["127.0.0.2"]


@pytest.mark.parametrize("given", ["req-42", "", "two words", "x" * 200])
def test_a_request_has_one_id_everywhere(
    nginx: Nginx, http: httpx.Client, program: Program, given: str
) -> None:
    answer = http.get("/api/tasks", headers=LOGGED | {"X-Request-ID": given})
    (request_id,) = answer.headers.get_list("x-request-id")
    assert (request_id == given) is (given == "req-42")
    assert eventually(lambda: program.records(request_id))
    (line,) = eventually(nginx.records)
    assert line["request_id"] == request_id
    assert line["status"] == 401
    assert line["client"] == "127.0.0.1"


def test_connections_to_the_service_are_kept(directory: Path, program: Program) -> None:
    between = Proxy(program.port)
    try:
        with Nginx(directory, between.port) as nginx:
            for _ in range(20):
                assert httpx.get(f"{nginx.url}/health").status_code == 200
            assert len(between.pairs) == 1
    finally:
        between.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_only_a_read_is_asked_of_another_replica(
    directory: Path, program: Program, method: str
) -> None:
    first = Proxy(program.port)
    replicas = f"server 127.0.0.1:{first.port} max_fails=0; server 127.0.0.1:8000 backup;"
    with (
        Nginx(directory, program.port, **{"server 127.0.0.1:8000;": replicas}) as nginx,
        httpx.Client(base_url=nginx.url) as http,
    ):
        try:
            user = User(http, str(uuid4()), new_email())
            task = user.add("before")
            path = "/api/tasks" if method == "POST" else f"/api/tasks/{task['id']}"
            body = {"json": {"title": "after"}} if method in {"POST", "PUT"} else {}
            first.cut_next("reply")
            answer = user.call(method, path, headers=ORIGIN, **body)
            titles = [task["title"] for task in user.tasks()]
        finally:
            first.close()
    if method == "GET":
        assert expect.task(answer) == task
    else:
        by_nginx(answer, 502, AWAY)
    done = {"GET": ["before"], "POST": ["after", "before"], "PUT": ["after"], "DELETE": []}
    assert titles == done[method]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_without_a_service_the_answer_is_a_502(directory: Path, method: str) -> None:
    with Nginx(directory, free_port()) as nginx:
        answer = httpx.request(method, f"{nginx.url}/api/tasks", headers=ORIGIN)
        by_nginx(answer, 502, AWAY)
        assert answer.headers["retry-after"] == "5"
        foreign = httpx.get(f"{nginx.url}/api/tasks", headers={"Origin": "https://evil.test"})
        expect.error(foreign, 502, AWAY)
        assert "access-control-allow-origin" not in foreign.headers
        assert "access-control-allow-credentials" not in foreign.headers


def test_a_service_that_hangs_is_a_504(directory: Path, program: Program) -> None:
    patience = {"proxy_read_timeout 15s": "proxy_read_timeout 1s"}
    assert program.process
    program.process.send_signal(signal.SIGSTOP)
    try:
        with Nginx(directory, program.port, **patience) as nginx:
            by_nginx(httpx.get(f"{nginx.url}/health", headers=ORIGIN), 504, AWAY)
    finally:
        program.process.send_signal(signal.SIGCONT)


def test_bodies_are_bounded_as_the_service_bounds_them(nginx: Nginx, http: httpx.Client) -> None:
    taken = http.post("/api/auth/login", content=b" " * LIMIT)
    expect.error(taken, 422)
    too_large = http.post("/api/auth/login", content=b" " * (LIMIT + 1), headers=ORIGIN)
    by_nginx(too_large, 413, "The request body is too large")
    chunked = ORIGIN | {"Transfer-Encoding": "chunked"}
    pieces = raw_http.chunks(65536, 17)
    by_nginx(raw_http.send(nginx.port, "POST", "/api/tasks", chunked, pieces), 413)


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (400, "GET", "/%00", {}),
        (400, "GET", "/%zz", {}),
        (400, "GET", "/api/tasks", {"Authorization": "Bearer a", "authorization": "Bearer b"}),
        (405, "TRACE", "/", {}),
        (414, "GET", f"/{'x' * 40_000}", {}),
        (431, "GET", "/", {"X-Long": "x" * 40_000}),
        (501, "POST", "/", {"Transfer-Encoding": "gzip"}),
    ],
)
def test_what_nginx_refuses_by_itself_is_an_error_of_our_shape(
    nginx: Nginx, status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = raw_http.send(nginx.port, method, path, headers)
    expect.error(answer, status)


@pytest.mark.parametrize(("length", "status"), [(8192, 404), (8193, 414)])
def test_a_url_may_be_as_long_as_the_service_lets_it(
    http: httpx.Client, length: int, status: int
) -> None:
    answer = http.get("/" + "x" * (length - 1), headers=ORIGIN)
    expect.error(answer, status)
    assert answer.headers["access-control-allow-origin"] == FRONTEND


def test_sign_ins_are_limited_by_client(directory: Path, program: Program) -> None:
    """Which client it is the test says itself, in a header."""
    (directory / "todo.d").mkdir()
    (directory / "todo.d/client.conf").write_text(
        "set_real_ip_from 127.0.0.1; real_ip_header X-Client;"
    )
    with Nginx(directory, program.port) as nginx, httpx.Client(base_url=nginx.url) as http:
        call = partial(http.post, "/api/auth/login", json={})

        def attempt(client: str) -> httpx.Response:
            return call(headers=ORIGIN | {"X-Client": client})

        for network, neighbour, other in (
            ("203.0.113.9", "203.0.113.9", "203.0.113.10"),
            ("2001:db8:0:1:a::1", "2001:db8:0:1:b::2", "2001:db8:0:2:a::1"),
        ):
            statuses = [attempt(network).status_code for _ in range(25)]
            assert statuses[:21] == [400] * 21
            assert set(statuses[21:]) <= {400, 429}
            refused = attempt(neighbour)
            by_nginx(refused, 429, "Too many sign-ins, please try again")
            assert refused.headers["retry-after"] == "5"
            assert attempt(other).status_code == 400
            assert http.get("/health", headers={"X-Client": network}).status_code == 200
