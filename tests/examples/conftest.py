"""Better Auth: built once, and one of it running as the example has it."""

from collections.abc import Iterator

import pytest

from tests.examples.better_auth import BetterAuth, better_auth, build
from tests.support.node import Example


@pytest.fixture(scope="package")
def better_auth_example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return build(tmp_path_factory.mktemp("better-auth"))


@pytest.fixture(scope="package")
def auth(better_auth_example: Example) -> Iterator[BetterAuth]:
    with better_auth(better_auth_example) as server:
        yield server
