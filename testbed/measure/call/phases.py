"""The phases of a handover: what its delay was spent with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.call.handover import first_new_packet

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.folder.run_folder import Event


@dataclass(frozen=True, slots=True)
class Phases:
    """Parts of the handover in ns, None where not measured; see `measure_phases`."""

    detect: int | None = None
    attach: int | None = None
    address: int | None = None
    signalling: int | None = None
    media: int | None = None


def measure_phases(handover: Handover, to_mn: Direction, interval_ns: int) -> Phases:
    """Split the handover into its phases.

    * detect: from when the first missing packet was due (the last new packet before the trigger, plus the packet
      interval) to the trigger. Only where that silence ends on the new path, that is when the call broke first. It is
      negative when the link was known to be gone before a packet was missing.
    * attach: trigger to the new link's `attached`; 0 when it was attached before.
    * address: from then to its `address`; 0 when it had one before.
    * signalling: from then to the final response of the handover's INVITE at the MN; where something else moves the
      media, and the INVITE only follows, to its answer.
    * media: from then to the first new packet on the new path; negative when the media were faster.

    Where all are measured and the call broke first, they add up to the gap.

    Of a handover to a dialog that stood by, an end's alarm stands for the trigger where it was earlier. Without an
    INVITE the media phase begins with it, and there is no signalling.
    """
    first_ns = first_new_packet(to_mn, handover.new, handover.begun_ns, handover.until_ns)
    if handover.copies is not None and handover.invite is None:
        begun_ns = handover.begun_ns
        detect_ns = _detect(handover, to_mn, interval_ns)
        return Phases(detect=detect_ns, attach=0, address=0, media=_between(begun_ns, first_ns))
    attached_ns = None if handover.attached_ns is None else max(handover.attached_ns, handover.trigger_ns)
    address_ns = None
    if attached_ns is not None and handover.address_ns is not None:
        address_ns = max(handover.address_ns, attached_ns)
    return Phases(
        detect=_detect(handover, to_mn, interval_ns),
        attach=_between(handover.trigger_ns, attached_ns),
        address=_between(attached_ns, address_ns),
        signalling=_between(address_ns, handover.final_ns),
        media=_between(handover.final_ns, first_ns),
    )


def attach_parts(handover: Handover, events: list[Event]) -> dict[str, int]:
    """Return the parts of the attach phase in ns, as the radio told of their ends; each begins where one ended."""
    parts: dict[str, int] = {}
    since_ns, until_ns = handover.trigger_ns, handover.attached_ns
    for event in events:
        is_part = event.name == "attach_phase" and event.link == handover.tried
        if is_part and until_ns is not None and since_ns <= event.time_ns <= until_ns:
            name = str(event.fields.get("phase"))
            parts[name] = parts.get(name, 0) + event.time_ns - since_ns
            since_ns = event.time_ns
    return parts


def _between(start_ns: int | None, end_ns: int | None) -> int | None:
    return None if start_ns is None or end_ns is None else end_ns - start_ns


def _detect(handover: Handover, to_mn: Direction, interval_ns: int) -> int | None:
    """Return the detect phase; None unless the trigger fell into a silence from the old path to the new one."""
    times, path = to_mn.new.time_ns, to_mn.new.path
    after = int(np.searchsorted(times, handover.begun_ns, side="right"))
    if not 0 < after < len(times) or handover.new is None:
        return None
    new = to_mn.links.index(handover.new)
    broke_first = path[after] == new and path[after - 1] != new and times[after] - times[after - 1] > 2 * interval_ns
    return handover.begun_ns - (int(times[after - 1]) + interval_ns) if broke_first else None
