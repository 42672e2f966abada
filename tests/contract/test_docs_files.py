"""The files of /docs: whole, and in the shape of all errors where they are not to be had."""

import httpx
import pytest

from tests.support import expect

FILES = ["/docs", "/docs/page.js", "/docs/swagger-ui.css"]
RANGES = ["bytes=0-9", "bytes=abc", "lines=1-2", "bytes=5-1", "bytes=99999999-", "bytes=0-1,4-5"]


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("asked", RANGES)
def test_a_part_of_a_file_is_the_whole(http: httpx.Client, path: str, asked: str) -> None:
    whole, part = http.get(path), http.get(path, headers={"Range": asked})
    assert part.status_code == 200
    assert part.content == whole.content
    assert part.headers["accept-ranges"] == "none"


def test_a_file_that_is_not_there_is_404(http: httpx.Client) -> None:
    expect.error(http.get("/docs/nothing.js"), 404)
