"""A soak: the same users for hours; it shows what leaks, fills up or wears out."""

from loadtests.shapes.course import Course

RAMP = 0.02  # of the time


class Soak(Course):
    """A long day."""

    def height(self, moment: float) -> float:
        """Up gently, then level to the end."""
        return min(1, moment / RAMP)
