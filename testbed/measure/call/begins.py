"""How the handovers of a run begin: the triggers, and what was heard before them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from testbed.measure.call.alarms import alarms_of_move, find_alarms
from testbed.measure.call.standing_dialogs import moves_to_standing, policy_of_move, standing_dialogs

if TYPE_CHECKING:
    from testbed.measure.call.alarms import Alarm
    from testbed.measure.call.direction import Direction
    from testbed.measure.folder.run_folder import Event, Manifest
    from testbed.measure.sip.transactions import SeenTransaction


@dataclass(frozen=True, slots=True)
class HandoverBegin:
    """Of one handover; see `Handover` for what is what."""

    trigger: Event
    begun_ns: int
    opened_ns: int
    copies: str | None


def find_begins(
    manifest: Manifest, events: list[Event], transactions: list[SeenTransaction], media: dict[str, Direction]
) -> list[HandoverBegin]:
    """Return one for each trigger, and one for each move to a dialog that stood by which had none."""
    dialogs = standing_dialogs(manifest, transactions)
    alarms = find_alarms(manifest, events, media)
    told = [one for one in events if one.name == "trigger"]
    if manifest.mn.kept is not None:
        told = [one for one in told if _is_in_call(one.time_ns, media)]
    triggers = moves_to_standing(told, events, dialogs, manifest)
    found: list[HandoverBegin] = []
    for trigger, following in zip_longest(triggers, triggers[1:]):
        before_ns = found[-1].trigger.time_ns if found else 0
        copies = policy_of_move(dialogs, trigger, None if following is None else following.time_ns)
        mine: list[Alarm] = []
        if copies is not None and trigger.link in manifest.links:
            mine = alarms_of_move(alarms, media, trigger.link, (before_ns + 1, trigger.time_ns))
        begun_ns = min([trigger.time_ns, *(one.at_ns for one in mine)])
        opened_ns = min([begun_ns, *(one.heard_ns for one in mine if one.heard_ns is not None)])
        found.append(HandoverBegin(trigger, begun_ns, max(opened_ns, before_ns), copies))
    return found


def _is_in_call(time_ns: int, media: dict[str, Direction]) -> bool:
    """Whether there is a call to be handed over: what is below it moves whenever it likes."""
    begun = [int(one.sent.time_ns[0]) for one in media.values() if len(one.sent)]
    ended = [one.end_ns for one in media.values() if one.end_ns is not None]
    return bool(begun and ended) and min(begun) <= time_ns <= max(ended)
