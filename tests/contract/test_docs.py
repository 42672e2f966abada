"""/docs: a page that needs no other host, and its files."""

import re

import httpx
import pytest

from tests.support import expect


def test_page_needs_no_other_host(http: httpx.Client) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for directive in ("default-src 'none'", "script-src 'self'"):
        assert directive in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    for link in links:
        assert link.startswith(("/docs/", "data:"))
        if link.startswith("/"):
            assert http.get(link).status_code == 200


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2Fdocs.py", "%2e%2e/docs.py", "LICENSE"]
)
def test_other_file_is_404(http: httpx.Client, name: str) -> None:
    expect.error(http.get(f"/docs/{name}"), 404)


@pytest.mark.parametrize("path", ["/docs", "/docs/page.js", "/docs/swagger-ui.css"])
def test_range_is_ignored(http: httpx.Client, path: str) -> None:
    whole = http.get(path)
    ranges = ("0-9", "abc", "5-1", "99999999-", "0-1,4-5")
    for value in (*(f"bytes={each}" for each in ranges), "lines=1-2"):
        response = http.get(path, headers={"Range": value})
        assert (response.status_code, response.content) == (200, whole.content)
        assert response.headers["accept-ranges"] == "none"
