"""The queues that a link can have: a row for each."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from testbed.lab.links.queues.codel import CoDel
from testbed.lab.links.queues.discipline import MOST_BYTES, QueueDiscipline
from testbed.lab.links.queues.fq_codel import FqCoDel
from testbed.lab.links.queues.pie import Pie
from testbed.lab.plan import Aqm

Make = Callable[[float, float, int], QueueDiscipline]


class QueueRow(NamedTuple):
    """How a queue is made, of its target and interval (s) and of a key that chance follows from; and their defaults.

    `is_target_shorter`: the target is to be within the interval. What has its target is the `least` wait of those in an
    interval, or the `mean` of all, once an overload has lasted for `settles_in` intervals; but of so few bytes as
    `spares_bytes` nothing is dropped. `has_flows`: each flow has a queue of its own.
    """

    make: Make
    target_s: float
    interval_s: float
    is_target_shorter: bool
    controls: Literal["least", "mean"]
    settles_in: int
    spares_bytes: int
    has_flows: bool = False


def without_chance(make: Callable[[float, float], QueueDiscipline]) -> Make:
    """The same for a queue that needs no key."""
    return lambda target_s, interval_s, _: make(target_s, interval_s)


# RFC 8289, 4.2 and 4.3, which RFC 8290, 5.2.1 and 5.2.2, has too; RFC 8033, 4.2 and A.
CODEL = QueueRow(
    without_chance(CoDel), 0.005, 0.1, is_target_shorter=True, controls="least", settles_in=50, spares_bytes=MOST_BYTES
)
PIE = QueueRow(Pie, 0.015, 0.015, is_target_shorter=False, controls="mean", settles_in=300, spares_bytes=2 * MOST_BYTES)
QUEUES: dict[Aqm, QueueRow] = {"codel": CODEL, "fq_codel": CODEL._replace(make=FqCoDel, has_flows=True), "pie": PIE}
