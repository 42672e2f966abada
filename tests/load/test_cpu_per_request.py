"""A list costs no more than a few times what uvicorn itself does: CPU, which noise cannot fool."""

from pathlib import Path
from statistics import median

import pytest

from loadtests import cpu


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads CPU times from /proc")
def test_a_list_costs_at_most_eight_times_a_constant_answer() -> None:
    rounds = list(cpu.measure())
    assert median(each.ratio for each in rounds) <= cpu.LIMIT, rounds
