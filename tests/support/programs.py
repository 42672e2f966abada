"""Programs that only `make test-all` needs; CI installs them (.ci/run)."""

import shutil

import pytest

PACKAGES = {"chromium": "chromium", "haproxy": "haproxy", "nginx": "nginx-light"}
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def find_program(name: str) -> str:
    """The path of a program. A test that needs one which is not installed fails."""
    path = shutil.which(name) or shutil.which(name, path=SEARCH_PATH)
    if path is None:
        pytest.fail(f"{name} is not installed (apt install {PACKAGES.get(name, name)})")
    return path
