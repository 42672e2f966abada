"""Two replicas behind haproxy, restarted one after the other under load: nobody notices."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.balancer import PROGRAM, Balancer
from tests.support.load import Load, percentile
from tests.support.program import Program, eventually
from tests.support.sql import Sql, new_database

ROUNDS = 2


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="haproxy is not installed")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_rolling_restart_fails_no_request(
    start: Callable[..., Program],
    postgres: str,
    tmp_path: Path,
    figure: Callable[[str, object], None],
    workers: str,
) -> None:
    url = new_database(postgres)
    replicas = [start(url, "--workers", workers) for _ in range(2)]
    with Balancer(tmp_path, [replica.port for replica in replicas]) as balancer:
        with Load(balancer.url, writers=8, readers=8) as load:
            for replica in replicas * ROUNDS:
                assert replica.stop() == 0
                replica.start()
                assert eventually(lambda: balancer.up() == len(replicas))
        statuses = load.statuses()
    failed = {key: count for key, count in statuses.items() if not 200 <= key[0] < 300}
    with Sql(url) as sql:
        lost, twice = load.lost(sql), load.twice(sql)
    figure(
        f"two replicas with {workers} worker(s) each, {ROUNDS * len(replicas)} restarts, "
        "failed requests",
        f"{sum(failed.values())} of {len(load.outcomes)}, the slowest "
        f"{percentile(load.outcomes, 1):.2f} s, lost {len(lost)} and created twice {len(twice)} "
        f"of {load.acknowledged} acknowledged writes",
    )
    assert failed == {}
    assert (lost, twice) == ([], [])
    assert len(load.outcomes) > 500
