"""How many were asked and how long the slowest took, for figures."""

from collections.abc import Sequence

import httpx


def tally(answers: Sequence[httpx.Response]) -> str:
    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    return f"{len(answers):,} requests, the slowest {slowest * 1000:.0f} ms"
