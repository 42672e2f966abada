"""Stairs: more users with every step; the report shows which one was too high."""

import math

from loadtests.shapes.course import Course

STEPS = 5


class Stairs(Course):
    """The search for the limit."""

    def height(self, moment: float) -> float:
        """A fifth of the users more with every fifth of the time."""
        return math.floor(moment * STEPS + 1) / STEPS
