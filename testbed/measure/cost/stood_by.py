"""What a call did beside carrying speech over one path: dialogs that stood by, copies, alarms, who switched when."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.call.alarms import find_alarms
from testbed.measure.call.second_path import second_path
from testbed.measure.call.standing_dialogs import standing_dialogs

if TYPE_CHECKING:
    from testbed.measure.call.alarms import Alarm
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.call.recording import Recording
    from testbed.measure.call.second_path import SecondPath
    from testbed.measure.call.standing_dialogs import StandingDialog

SENDER = {"mn": "to_cn", "cn": "to_mn", "b2bua": "to_mn"}
"""End -> the direction of what it sends; a B2BUA sends the MN what the CN says."""
SAID_AGAIN_WITHIN_NS = 1_000_000_000


class CopiesSpan(NamedTuple):
    """An end sent over all legs, and why, as it tells itself; `until_ns` is None where it did to the end."""

    end: str
    from_ns: int
    until_ns: int | None
    because: tuple[str, ...]


class EndSwitch(NamedTuple):
    """An end of the call in a handover: when it first sent over the new path, no probe, and last over the old one.

    `because` is why, as it tells: what it had copies for, or that the call was moved; None where it says nothing.
    """

    handover: int
    end: str
    new_ns: int
    old_ns: int | None
    because: tuple[str, ...] | None


class HeardSilence(NamedTuple):
    """An alarm, the handover that it belongs to (from 0), and how many packets that end then said again."""

    alarm: Alarm
    handover: int | None
    said_again: int
    missed_ns: int | None


class Standby:
    """Of a run, each part worked out once."""

    def __init__(self, run: Recording) -> None:
        self._run = run

    @cached_property
    def dialogs(self) -> list[StandingDialog]:
        """The dialogs that stood by, or were to."""
        return standing_dialogs(self._run.manifest, self._run.transactions)

    @cached_property
    def alarms(self) -> list[Alarm]:
        """The silences that ends heard."""
        return find_alarms(self._run.manifest, self._run.events, self._run.media)

    @property
    def is_there(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.dialogs or self.alarms)

    @cached_property
    def copies(self) -> list[CopiesSpan]:
        """When the ends sent over all legs."""
        found: list[CopiesSpan] = []
        for event in self._run.events:
            place = next((n for n, one in enumerate(found) if one.end == event.source and one.until_ns is None), None)
            if event.name == "copies" and place is None:
                because = event.fields.get("because")
                reasons = tuple(str(one) for one in because) if isinstance(because, list) else ()
                found.append(CopiesSpan(event.source, event.time_ns, None, reasons))
            elif event.name == "copies_end" and place is not None:
                found[place] = found[place]._replace(until_ns=event.time_ns)
        return found

    @cached_property
    def switches(self) -> list[EndSwitch]:
        """When each end went over to the new path, in each handover to a dialog that stood by."""
        ends = ("mn", "b2bua" if self._run.manifest.relay else "cn")
        return [
            found
            for number, one in enumerate(self._run.handovers)
            if one.copies is not None and one.new is not None
            for end in ends
            if (found := self._switch(number, one, end)) is not None
        ]

    @cached_property
    def silences(self) -> list[HeardSilence]:
        """The alarms, with what came of them."""
        return [self._heard(one) for one in self.alarms]

    @cached_property
    def _kinds(self) -> dict[str, SecondPath]:
        return {name: second_path(one) for name, one in self._run.media.items()}

    def _switch(self, number: int, handover: Handover, end: str) -> EndSwitch | None:
        direction = self._run.media[SENDER[end]]
        kinds = self._kinds[SENDER[end]]
        until_ns = np.iinfo(np.int64).max if handover.until_ns is None else handover.until_ns
        onto = kinds.onto.time_ns
        in_span = (onto >= handover.opened_ns) & (onto < until_ns) & ~kinds.is_probe
        new = onto[in_span & (kinds.onto.path == direction.links.index(str(handover.new)))]
        if not len(new):
            return None
        old = onto[in_span & (kinds.onto.path == _index(direction, handover.old))]
        new_ns = int(new[0])
        spans = [one for one in self.copies if one.end == end and one.from_ns <= new_ns + SAID_AGAIN_WITHIN_NS]
        reasons = [one.because for one in spans if one.until_ns is None or one.until_ns > new_ns]
        return EndSwitch(number, end, new_ns, int(old[-1]) if len(old) else None, reasons[-1] if reasons else None)

    def _heard(self, alarm: Alarm) -> HeardSilence:
        kinds = self._kinds[SENDER.get(alarm.end, "to_mn")]
        at_ns = kinds.onto.time_ns
        again = kinds.is_again & (at_ns >= alarm.at_ns) & (at_ns < self._until_ns(alarm))
        owner = next(
            (
                number
                for number, one in enumerate(self._run.handovers)
                if one.copies is not None
                and one.old == alarm.link
                and one.opened_ns <= alarm.at_ns <= max(window.close_ns for window in one.windows.values())
            ),
            None,
        )
        return HeardSilence(alarm, owner, int(again.sum()), self._missed_ns(alarm))

    def _until_ns(self, alarm: Alarm) -> int:
        """What an end says again for an alarm it says within a second, and before its next one."""
        later = [one.at_ns for one in self.alarms if one.end == alarm.end and one.at_ns > alarm.at_ns]
        return min([alarm.at_ns + SAID_AGAIN_WITHIN_NS, *later])

    def _missed_ns(self, alarm: Alarm) -> int | None:
        """For how long nothing new came over any path, less a packet interval; None where nothing came any more."""
        times = self._run.media[alarm.way].new.time_ns
        after = int(np.searchsorted(times, alarm.at_ns, side="right"))
        if not 0 < after < len(times):
            return None
        return max(int(times[after] - times[after - 1]) - self._run.manifest.interval_ns, 0)


def _index(direction: Direction, link: str | None) -> int:
    return direction.links.index(link) if link in direction.links else len(direction.links)
