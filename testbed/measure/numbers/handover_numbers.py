"""The numbers of one handover: `handover`, and each of `handovers`."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.call.handover import first_new_packet
from testbed.measure.call.phases import Phases, measure_phases
from testbed.measure.numbers.number import Number, by_key
from testbed.measure.units import ms, seconds

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.call.window import Window


class HandoverFacts:
    """A handover, and the media that it was for; times of results count from `start_ns`."""

    def __init__(self, handover: Handover, to_mn: Direction, interval_ns: int, start_ns: int) -> None:
        self.handover, self.to_mn = handover, to_mn
        self.interval_ns, self.start_ns = interval_ns, start_ns

    @cached_property
    def phases(self) -> Phases:
        """Its phases."""
        return measure_phases(self.handover, self.to_mn, self.interval_ns)

    @property
    def delay_ns(self) -> int | None:
        """From the trigger, or from the alarm before it, to the first new packet on the new path, to the MN."""
        one = self.handover
        first_ns = first_new_packet(self.to_mn, one.new, one.begun_ns, one.until_ns)
        return None if first_ns is None else first_ns - one.begun_ns


class WindowFacts(NamedTuple):
    """A handover's window in one direction."""

    window: Window
    start_ns: int


def _phase(name: str) -> Number[HandoverFacts]:
    return Number(
        f"phases_ms.{name}", "number", "ms", None, f"phase `{name}`", lambda one: ms(getattr(one.phases, name))
    )


TRIGGER = Number[HandoverFacts](
    "trigger_s", "number", "s", "trigger_s", "when the handover was triggered, in scenario time",
    lambda one: seconds(one.handover.trigger_ns - one.start_ns),
)  # fmt: skip
DELAY = Number[HandoverFacts](
    "delay_ms", "number", "ms", "handover_delay_ms", "trigger to the first new packet on the new path, to the MN",
    lambda one: ms(one.delay_ns),
)  # fmt: skip
PHASES = {field.name: _phase(field.name) for field in fields(Phases)}
KIND = Number[HandoverFacts]("kind", "text", "", "trigger_kind", "what triggered it", lambda one: one.handover.kind)
OLD_PATH = Number[HandoverFacts](
    "old_path", "text", "", "old_path", "link that the media came over before", lambda one: one.handover.old,
    "That of the last new packet before the trigger",
)  # fmt: skip
NEW_PATH = Number[HandoverFacts](
    "new_path", "text", "", "new_path", "link that the call went to", lambda one: one.handover.new,
    "The one over which the handover's INVITE left: the MN's first INVITE after the trigger that succeeded, but none "
    "over the link that was to be left. `null` where no handover took place",
)  # fmt: skip
OUTCOME = Number[HandoverFacts](
    "outcome", "text", "", "outcome", "what became of it", lambda one: str(one.handover.outcome),
    "`done`; `refused`, with an error; `undone`, accepted and then failed; `unanswered`; or `not tried`, when "
    "no INVITE was sent over another link. All but the first have a warning",
)  # fmt: skip
STATUS = Number[HandoverFacts](
    "status", "integer", "1", "answer_status", "last final response to an INVITE of the handover",
    lambda one: one.handover.status,
)  # fmt: skip

TIMES = (TRIGGER, DELAY, *PHASES.values())
WHERE = (KIND, OLD_PATH, NEW_PATH, OUTCOME, STATUS)
HANDOVER = by_key((*TIMES, *WHERE))
"""Key -> row, in the order of result.json; between `TIMES` and `WHERE` stands `attach_ms`, whose parts radios name."""

WINDOW_S: dict[str, Number[WindowFacts]] = by_key((
    Number("open", "number", "s", "window_open_s", "begin of the handover window, in scenario time",
           lambda one: seconds(one.window.open_ns - one.start_ns)),
    Number("close", "number", "s", "window_close_s", "its end",
           lambda one: seconds(one.window.close_ns - one.start_ns)),
    Number("released", "truth", "", "window_released",
           "whether the old path was released; else it lasts until the media end, or the next trigger",
           lambda one: one.window.released),
))  # fmt: skip
"""Of `window_s`, for each direction."""
