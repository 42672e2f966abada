"""What a request costs, judged by CPU, which noise cannot fool."""

from pathlib import Path
from statistics import median

import pytest

from loadtests import cpu

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="reads CPU times from /proc"
)


def test_a_list_costs_at_most_eight_times_a_constant_answer() -> None:
    rounds = list(cpu.measure())
    assert median(each.ratio for each in rounds) <= cpu.LIMIT, rounds


def test_who_sends_no_idempotency_key_does_not_pay_for_it() -> None:
    rounds = list(cpu.price_of_keys())
    assert median(each.ratio for each in rounds) <= cpu.LIMIT_OF_KEYS, rounds
