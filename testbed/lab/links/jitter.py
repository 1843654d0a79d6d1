"""How much longer than the least a packet takes at a time, by the link's jitter."""

from testbed.lab.links.draws import Draws, key_for
from testbed.lab.links.steps import Steps
from testbed.lab.plan import WayOrder

# Tables are in so many parts of the jitter (iproute2: NETEM_DIST_SCALE).
SCALE = 8192


class Waits:
    """A delay and its jitter, in two parts: the least that a packet takes, and how much longer one takes at a time.

    A delay is never less than nothing: where a table would have it so, it is nothing.
    """

    def __init__(self, order: WayOrder) -> None:
        self._delays, self._jitters = Steps(order["delays"]), Steps(order["jitters"])
        self._table = order["table"]
        self._lasts = Steps(order["correlations"])
        key = key_for(order["key"], "jitter")
        self._draws = {lasts_s: Draws(key, lasts_s) for _, lasts_s in order["correlations"]}

    def least(self, at_s: float) -> float:
        """What netem delays packets by, and `ahead_s` less."""
        return least(self._delays.value(at_s), self._jitters.value(at_s), self._table)

    def more(self, at_s: float) -> float:
        """What a packet waits besides that comes at this time."""
        jitter = self._jitters.value(at_s)
        if not jitter:
            return 0.0
        delay, drawn = self._delays.value(at_s), self._draws[self._lasts.value(at_s)].value(at_s)
        part = self._table[int(drawn * len(self._table))] / SCALE if self._table else 2 * drawn - 1
        return max(0.0, delay + jitter * part) - least(delay, jitter, self._table)


def least(delay: float, jitter: float, table: list[int]) -> float:
    """What a packet takes that has the least jitter."""
    return max(0.0, delay - jitter * (-table[0] / SCALE if table else 1.0))
