"""Handovers to a dialog that stood by: the call moves without a message of SIP, see `agents.media.readiness`.

Which dialogs stood by, and when media are to go there, is in the INVITEs that made them (`Handover: …;standby=…`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.folder.run_folder import Event

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.sip.transactions import SeenTransaction

STANDBY = re.compile(r";\s*standby\s*=\s*([a-z-]+)", re.IGNORECASE)
ALWAYS = "always"
ENDED_WITHOUT_NS = 500_000_000
"""A leg without a packet for so long carries no copies any more; one that stands by gets a probe a second."""
UNTOLD = "dialog ended"
"""What triggered a move that no trigger asked for: the dialog that carried the call is gone, the other one is not."""


@dataclass(frozen=True, slots=True)
class StandingDialog:
    """A dialog that was made to stand by, or that was to. Times in ns at the MN, None where there was nothing.

    `copies` is when media go there too: `always`, `at-risk`, `on-silence`. `over_ns` is when the first BYE was sent.
    """

    link: str
    call_id: str
    copies: str
    invited_ns: int
    answered_ns: int | None
    status: int | None
    over_ns: int | None

    @property
    def stands(self) -> bool:
        """Whether it was accepted."""
        return self.status is not None and 200 <= self.status < 300

    def stood_at(self, time_ns: int) -> bool:
        """Whether it was there, or on its way, at a time."""
        return self.stands and self.invited_ns < time_ns and (self.over_ns is None or self.over_ns > time_ns)


def standing_dialogs(manifest: Manifest, transactions: list[SeenTransaction]) -> list[StandingDialog]:
    """Return the MN's dialogs that stood by, or were to, in order of their INVITEs; challenges are no answers."""
    over: dict[str, int] = {}
    for one in transactions:
        if one.request.method == "BYE":
            over.setdefault(one.request.call_id, one.request.time_ns)
    found: dict[str, StandingDialog] = {}
    for one in transactions:
        request, final = one.request, one.final
        policy = STANDBY.search(request.handover)
        link = manifest.mn.addresses.get(request.source.ip)
        if request.method != "INVITE" or policy is None or link is None:
            continue
        first = found.get(request.call_id)
        found[request.call_id] = StandingDialog(
            link=link,
            call_id=request.call_id,
            copies=policy[1].lower(),
            invited_ns=request.time_ns if first is None else first.invited_ns,
            answered_ns=None if final is None else final.time_ns,
            status=None if final is None else final.status,
            over_ns=over.get(request.call_id),
        )
    return list(found.values())


def moves_to_standing(
    triggers: list[Event], events: list[Event], dialogs: list[StandingDialog], manifest: Manifest
) -> list[Event]:
    """Return the triggers, and one for each move that the MN tells of without any: its dialog was ended."""
    moments = sorted([*triggers, *(one for one in events if one.name == "handover_done")], key=lambda one: one.time_ns)
    found, is_asked = [], False
    for one in moments:
        if one.name == "trigger":
            found.append(one)
            is_asked = True
        elif is_asked:
            is_asked = False
        elif one.link is not None and any(each.stood_at(one.time_ns) for each in dialogs):
            left = next((link for link in manifest.links if link != one.link), None)
            found.append(
                Event(one.time_ns, one.t_s, "measure", "trigger", {"kind": UNTOLD, "link": left, "to": one.link})
            )
    return found


def policy_of_move(dialogs: list[StandingDialog], trigger: Event, until_ns: int | None) -> str | None:
    """Return when copies go over both links, where the call can move from one dialog to another that stands; else None.

    That one may stand over either link: after each move the other one stands by. Or it is made for this very move.
    """
    links = {trigger.link, trigger.fields.get("to")}
    for one in dialogs:
        is_made_for_it = one.stands and one.link == trigger.fields.get("to") and one.invited_ns >= trigger.time_ns
        is_in_time = is_made_for_it and (until_ns is None or one.invited_ns < until_ns)
        if one.link in links and (one.stood_at(trigger.time_ns) or is_in_time):
            return one.copies
    return None


def copies_end(direction: Direction, old: str, done_ns: int) -> int:
    """Return when the last copy came off the path that was left, or went onto it in vain; at least `done_ns`.

    The last one is followed by `ENDED_WITHOUT_NS` without another.
    """
    path = direction.links.index(old)
    onto, off = (one.time_ns[(one.path == path) & (one.time_ns >= done_ns)] for one in (direction.onto, direction.off))
    marks = np.concatenate([[done_ns], onto])
    pauses = np.flatnonzero(np.diff(marks) > ENDED_WITHOUT_NS)
    last_ns = int(marks[pauses[0]] if len(pauses) else marks[-1])
    came = off[off <= last_ns + ENDED_WITHOUT_NS]
    return max(last_ns, int(came[-1])) if len(came) else last_ns
