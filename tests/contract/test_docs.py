"""/docs: a page that needs no other host, and its files."""

import re

import httpx
import pytest

from tests.support import expect

RANGES = ["bytes=0-9", "bytes=abc", "lines=1-2", "bytes=5-1", "bytes=99999999-", "bytes=0-1,4-5"]


def test_page_needs_no_other_host(http: httpx.Client) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self';" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    assert [link for link in links if not link.startswith(("/docs/", "data:"))] == []
    for link in (link for link in links if link.startswith("/")):
        assert http.get(link).status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2Fdocs.py", "%2e%2e/docs.py", "LICENSE"]
)
def test_other_file_is_404(http: httpx.Client, name: str) -> None:
    expect.error(http.get(f"/docs/{name}"), 404)


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/docs/swagger-ui.css"])
def test_range_is_ignored(http: httpx.Client, path: str) -> None:
    whole = http.get(path)
    for value in RANGES:
        response = http.get(path, headers={"Range": value})
        assert (response.status_code, response.content) == (200, whole.content)
        assert response.headers["accept-ranges"] == "none"
