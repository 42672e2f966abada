"""A service whose database is behind a PgBouncer."""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.support.pooler import KINDS, Pooler
from tests.support.program import Program
from tests.support.proxy import Proxy
from tests.support.sql import new_database
from tests.support.users import User, new_email

SERVERS = 3  # connections from PgBouncer to PostgreSQL


class Pooled(NamedTuple):
    """A service, the proxy and the PgBouncer it connects through, and a user with a task."""

    kind: str
    service: Program
    proxy: Proxy
    pooler: Pooler
    direct: str
    """The URL of its database that does not go through them."""
    url: str
    user: User


@pytest.fixture(scope="module", params=KINDS)
def pooled(
    request: pytest.FixtureRequest, start: Callable[..., Program], postgres: str, postgres_port: int
) -> Iterator[Pooled]:
    direct = new_database(postgres)
    with Pooler(request.param, postgres_port, SERVERS) as pooler:
        proxy = Proxy(pooler.port)
        url = pooler.url(direct).replace(f":{pooler.port}/", f":{proxy.port}/")
        service = start(url)
        with httpx.Client(base_url=service.url, timeout=20) as http:
            user = User(http, str(uuid4()), new_email())
            user.add()
            yield Pooled(request.param, service, proxy, pooler, direct, url, user)
        service.kill()
        proxy.close()
