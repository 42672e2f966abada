"""kill -9 of the service under write load: what was acknowledged is there."""

import time
from collections.abc import Callable

import pytest

from tests.support.load import Load
from tests.support.program import Program
from tests.support.sql import Sql, new_database


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_acknowledged_write_is_lost(
    start: Callable[..., Program],
    postgres: str,
    figure: Callable[[str, object], None],
    workers: str,
) -> None:
    url = new_database(postgres)
    service = start(url, "--workers", workers)
    with Load(service.url, writers=16, readers=4) as load:
        for _ in range(3):
            time.sleep(1)
            service.kill()
            service.start()
    with Sql(url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    figure(
        f"kill -9 with {workers} worker(s), acknowledged writes lost",
        f"{len(lost)} of {load.acknowledged}, created twice {len(twice)}",
    )
    assert load.acknowledged > 100
    assert (lost, twice) == ([], [])
    assert {status for status, _ in load.statuses()} <= {0, 200, 201, 204}
