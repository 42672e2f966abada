"""A spike: few users, in a moment ten times as many, and few again."""

from loadtests.shapes.course import Course


class Spike(Course):
    """A link on a front page."""

    def height(self, moment: float) -> float:
        """All in the middle third, a tenth of them before and after."""
        return 1 if 1 / 3 <= moment < 2 / 3 else 0.1
