"""Numbers of a link that change at known times."""

from bisect import bisect_right


class Steps:
    """A number that changes at known times."""

    def __init__(self, pieces: list[tuple[float, float]]) -> None:
        """`pieces`: from when on it is what, in the order of time; the first one counts before that too."""
        self._from = [at_s for at_s, _ in pieces]
        self._values = [value for _, value in pieces]

    def value(self, at_s: float) -> float:
        """What it is at a time."""
        return self._values[max(0, bisect_right(self._from, at_s) - 1)]
