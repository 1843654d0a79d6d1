"""The handovers of a run: what triggered each, from which path to which, its window and its phases.

The timeline says when the trigger, the attachment and the address were; all else is taken from the MN's captures. The
window opens at the trigger. It closes when the old path is released: with the final response to the BYE of the old
dialog (over either interface); and where the handover is a re-INVITE in the same dialog, for each direction with the
later of its final response and the first new packet on the new path. At the latest it ends where the next one opens.

A handover to a dialog that stood by (`standing_dialogs`) opens with the last packet before the silence that it is the
end of, where an end heard one before the trigger. It closes, for each direction, with the first new packet on the new
path after the last copy on the old one; where copies go over both all the time, after the MN tells that it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.call.address_moves import followed_ns, registered_for
from testbed.measure.call.begins import find_begins
from testbed.measure.call.standing_dialogs import ALWAYS, copies_end
from testbed.measure.call.window import Border, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testbed.measure.call.begins import HandoverBegin
    from testbed.measure.call.direction import Direction
    from testbed.measure.folder.run_folder import Event, Manifest
    from testbed.measure.mobility.seen_registration import SeenRegistration
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction

FAILED, DONE = "handover_failed", "handover_done"
"""What the MN tells of a handover's end."""


class Outcome(StrEnum):
    """What became of a handover.

    DONE: the peer accepted it, or new packets came over the new path. REFUSED: it was answered with an error. UNDONE:
    it was accepted, and then failed, as the MN's timeline says. UNANSWERED: an INVITE was sent, and none answered. NOT
    TRIED: none was sent.
    """

    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"
    UNANSWERED = "unanswered"
    NOT_TRIED = "not tried"


@dataclass(slots=True)
class Handover:
    """One handover; `old` and `tried` are links, None where the captures don't tell. Times in ns since the epoch.

    `begun_ns` is the trigger, or the alarm of an end that sent over the new path before. `opened_ns` is when the window
    opens, `until_ns` when that of the next one does, None after the last one: what is done from then on belongs to the
    next handover. `status` is the last final response to an INVITE of its, None without one. `copies` says of a
    handover to a dialog that stood by when copies go over both paths, `done_ns` when the MN told that it is moved.
    `registration` is what moved an address that the MN keeps, or an allocation at a TURN server, which an INVITE only
    follows, or the check that nominated a way for media: the one that succeeded, else the first one.
    """

    trigger_ns: int
    begun_ns: int
    opened_ns: int
    until_ns: int | None
    kind: str | None
    old: str | None
    tried: str | None
    outcome: Outcome
    status: int | None
    invite: SeenTransaction | None
    in_dialog: bool
    windows: dict[str, Window]
    attached_ns: int | None
    address_ns: int | None
    copies: str | None = None
    done_ns: int | None = None
    registration: SeenRegistration | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def new(self) -> str | None:
        """The link that the call went to; None where it did not."""
        return self.tried if self.outcome is Outcome.DONE else None

    @property
    def final_ns(self) -> int | None:
        """When the reply to its registration, or else the final response to its INVITE, arrived at the MN."""
        return self.accepted_ns if self.registration is None else self.registration.answered_ns

    @property
    def accepted_ns(self) -> int | None:
        """When the final response to its INVITE arrived at the MN."""
        return None if self.invite is None or self.invite.final is None else self.invite.final.time_ns


def find_handovers(
    manifest: Manifest,
    events: list[Event],
    transactions: list[SeenTransaction],
    media: dict[str, Direction],
    registrations: Sequence[SeenRegistration] = (),
) -> list[Handover]:
    """Return the run's handovers, one for each trigger.

    `transactions` and `registrations` are those at the MN's interfaces.
    """
    begins = find_begins(manifest, events, transactions, media)
    nexts = (one.opened_ns for one in begins[1:])
    found = [
        _find_handover(manifest, events, transactions, media, begin, until_ns, registrations)
        for begin, until_ns in zip_longest(begins, nexts)
    ]
    for name, direction in media.items():
        border = None
        for handover in found:
            ends = _border(handover, direction)
            released_ns = _released_ns(handover, transactions)
            handover.windows[name] = _window(handover, direction, released_ns, border, ends)
            border = ends
    for handover in found:
        handover.warnings += _warnings(handover, "INVITE" if manifest.mn.kept is None else "registration")
    return found


def _find_handover(
    manifest: Manifest,
    events: list[Event],
    transactions: list[SeenTransaction],
    media: dict[str, Direction],
    begin: HandoverBegin,
    until_ns: int | None,
    registrations: Sequence[SeenRegistration],
) -> Handover:
    trigger = begin.trigger
    own = [one for one in transactions if manifest.mn.has(one.request.source.ip)]
    keeps_address = manifest.mn.kept is not None
    invites = [] if keeps_address else _handover_invites(own, manifest, trigger, until_ns)
    registered = registered_for(registrations, trigger, until_ns)
    invite = next((one for one in invites if one.succeeded), invites[0] if invites else None)
    old = _old_link(media["to_mn"], own, manifest, trigger.time_ns) if begin.copies is None else trigger.link
    events = [event for event in events if until_ns is None or event.time_ns < until_ns]
    says_where = begin.copies is not None or keeps_address or bool(registered and invite is None)
    seen = trigger.fields.get("to" if says_where else "new")
    tried = seen if isinstance(seen, str) else _tried_link(invite, manifest, events, old, trigger.time_ns)
    kind = trigger.fields.get("kind")
    asked_ns = [one.asked_ns for one in registered[:1]]
    limit_ns = asked_ns[0] if asked_ns else None if invite is None else invite.request.time_ns
    attached_ns = _reached(events, "attached", tried, trigger.time_ns, limit_ns)
    address_ns = _reached(events, "address", tried, trigger.time_ns, limit_ns)
    if address_ns is None and attached_ns is not None and attached_ns < trigger.time_ns:
        address_ns = attached_ns  # a link that was up all the time need not tell of its address
    told = [one.time_ns for one in events if one.name == DONE and one.time_ns >= trigger.time_ns]
    done_ns = told[0] if told and (begin.copies is not None or keeps_address) else None
    answered: list[int | None] = [one.code for one in registered if one.code is not None]
    answered += [one.final.status for one in invites if one.final is not None]
    return Handover(
        trigger_ns=trigger.time_ns,
        begun_ns=begin.begun_ns,
        opened_ns=begin.opened_ns,
        until_ns=until_ns,
        kind=kind if isinstance(kind, str) else None,
        old=old,
        tried=tried,
        outcome=_outcome(invites or registered, events, media, tried, trigger.time_ns, until_ns)
        if begin.copies is None and done_ns is None
        else _outcome_of_move(invites, media, tried, done_ns),
        status=answered[-1] if answered else None,
        invite=invite,
        in_dialog=invite is not None and bool(invite.request.to_tag),
        windows={},
        attached_ns=attached_ns,
        address_ns=address_ns,
        copies=begin.copies,
        done_ns=done_ns,
        registration=next((one for one in registered if one.succeeded), registered[0] if registered else None),
    )


def _outcome(
    asked: Sequence[SeenTransaction | SeenRegistration],
    events: list[Event],
    media: dict[str, Direction],
    tried: str | None,
    trigger_ns: int,
    until_ns: int | None,
) -> Outcome:
    """Return what became of the handover; `events` end with the next one."""
    told = [event for event in events if event.time_ns >= trigger_ns and event.name in (FAILED, DONE)]
    accepted = [one.asked_ns for one in asked if one.succeeded]
    if accepted:
        undone = bool(told) and told[-1].name == FAILED and told[-1].time_ns > accepted[-1]
        return Outcome.UNDONE if undone else Outcome.DONE
    if any(first_new_packet(one, tried, trigger_ns, until_ns) is not None for one in media.values()):
        return Outcome.DONE
    if not asked:
        return Outcome.NOT_TRIED
    return Outcome.UNANSWERED if all(one.answered_ns is None for one in asked) else Outcome.REFUSED


def _outcome_of_move(
    invites: list[SeenTransaction], media: dict[str, Direction], tried: str | None, done_ns: int | None
) -> Outcome:
    """Return what became of a handover to a dialog that stands by, or of an address that is kept.

    Moved is what the MN tells and captures show.
    """
    if done_ns is not None and any(_first_over(one, tried, done_ns) is not None for one in media.values()):
        return Outcome.DONE
    return Outcome.UNDONE if any(one.succeeded for one in invites) else Outcome.NOT_TRIED


def _warnings(handover: Handover, asked: str) -> list[str]:
    """Return why to look twice at a handover's numbers; `asked` is what it is asked for by."""
    stayed = "" if handover.old is None else f": the call stayed on {handover.old}"
    to = "" if handover.tried is None else f" to {handover.tried}"
    why = {
        Outcome.NOT_TRIED: f"no {asked} was sent over another link"
        if handover.copies is None
        else f"a dialog stood by, and nothing of the call was moved{to}",
        Outcome.UNANSWERED: f"the {asked}{to} was never answered",
        Outcome.REFUSED: f"the one{to} was refused ({handover.status})",
        Outcome.UNDONE: f"the one{to} was accepted and then failed",
    }
    if handover.outcome in why:
        return [f"no handover took place: {why[handover.outcome]}{stayed}"]
    if all(window.released for window in handover.windows.values()):
        return []
    until = "media end" if handover.until_ns is None else "next handover"
    never = "was never released" if handover.copies is None else "carried copies all the time"
    return [f"the old path {never}: the handover window lasts until the {until}"]


def first_new_packet(direction: Direction, link: str | None, since_ns: int, until_ns: int | None) -> int | None:
    """Return when the first new packet came over `link`, from `since_ns` on and before `until_ns`; None if none did."""
    if link is None:
        return None
    new = direction.new
    rows = np.flatnonzero((new.path == direction.links.index(link)) & (new.time_ns >= since_ns))
    first_ns = int(new.time_ns[rows[0]]) if len(rows) else None
    return None if first_ns is None or (until_ns is not None and first_ns >= until_ns) else first_ns


def _first_over(direction: Direction, link: str | None, since_ns: int) -> int | None:
    """Return when the first packet, new or not, came over `link`, from `since_ns` on; None if none did."""
    if link is None:
        return None
    received = direction.received
    times = received.time_ns[(received.path == direction.links.index(link)) & (received.time_ns >= since_ns)]
    return int(times[0]) if len(times) else None


def _handover_invites(
    own: list[SeenTransaction], manifest: Manifest, trigger: Event, until_ns: int | None
) -> list[SeenTransaction]:
    """Return the MN's INVITEs between a trigger and the next one, but those over the link that is to be left.

    Those refresh the session, or answer something of the peer's. The address alone does not tell: a program that says
    nothing of its triggers may use the old link's on a new one. So it is known by where it was used before.
    """

    def has_left_address(one: SeenTransaction) -> bool:
        return manifest.mn.addresses.get(one.request.source.ip) == trigger.fields.get("link")

    before = {one.request.interface for one in own if one.request.time_ns < trigger.time_ns and has_left_address(one)}
    return [
        one
        for one in own
        if one.request.method == "INVITE"
        and one.request.time_ns >= trigger.time_ns
        and (until_ns is None or one.request.time_ns < until_ns)
        and not (has_left_address(one) and (one.request.interface in before or not before))
    ]


def _old_link(to_mn: Direction, own: Iterable[SeenTransaction], manifest: Manifest, trigger_ns: int) -> str | None:
    """Return the link of the last new packet before the trigger; without media that of the last INVITE."""
    new = to_mn.new
    before = int(np.searchsorted(new.time_ns, trigger_ns, side="left")) - 1
    if before >= 0 and new.path[before] >= 0:
        return to_mn.links[int(new.path[before])]
    invites = [one for one in own if one.request.method == "INVITE" and one.request.time_ns < trigger_ns]
    return manifest.mn.addresses.get(invites[-1].request.source.ip) if invites else None


def _tried_link(
    invite: SeenTransaction | None, manifest: Manifest, events: list[Event], old: str | None, trigger_ns: int
) -> str | None:
    """Return the link that the handover's INVITE left on; without one, the first other link that was attached."""
    if invite is not None:
        return manifest.mn.addresses[invite.request.source.ip]
    others = {link for link in manifest.links if link != old}
    for event in events:
        if event.name == "attached" and event.time_ns >= trigger_ns and event.link in others:
            return event.link
    return None


def _reached(events: list[Event], name: str, link: str | None, trigger_ns: int, limit_ns: int | None) -> int | None:
    """Return when the link reached a state: first between trigger and INVITE, else the last time before the trigger."""
    times = [event.time_ns for event in events if event.name == name and event.link == link and link is not None]
    after = [time for time in times if time >= trigger_ns and (limit_ns is None or time <= limit_ns)]
    before = [time for time in times if time < trigger_ns]
    return after[0] if after else before[-1] if before else None


def _released_ns(handover: Handover, transactions: list[SeenTransaction]) -> int | None:
    """Return when the BYE of the old dialog was finally answered; None if it was not, or need not be."""
    if handover.invite is None or handover.in_dialog or handover.copies is not None:
        return None
    old = _dialog_before(transactions, handover.trigger_ns)
    answers = [
        one.final.time_ns
        for one in transactions
        if one.final is not None
        and one.request.method == "BYE"
        and one.request.time_ns >= handover.trigger_ns
        and (handover.until_ns is None or one.request.time_ns < handover.until_ns)
        and _dialog(one.request) == old
    ]
    return min(answers, default=None)


def _dialog_before(transactions: list[SeenTransaction], trigger_ns: int) -> tuple[str, frozenset[str]] | None:
    """Return the dialog that the last successful INVITE before the trigger made or changed."""
    dialogs = [
        _dialog(one.final)
        for one in transactions
        if one.request.method == "INVITE" and one.succeeded and one.final and one.request.time_ns < trigger_ns
    ]
    return dialogs[-1] if dialogs else None


def _dialog(message: SipMessage) -> tuple[str, frozenset[str]]:
    """Return what identifies a dialog at both of its ends (RFC 3261, 12): Call-ID and both tags."""
    return (message.call_id, frozenset((message.from_tag, message.to_tag)))


def _border(handover: Handover, direction: Direction) -> Border | None:
    """Return where the next handover begins; None where there is none."""
    if handover.until_ns is None:
        return None
    moved_ns = first_new_packet(direction, handover.new, handover.begun_ns, handover.until_ns)
    return Border(handover.until_ns, handover.until_ns if moved_ns is None else moved_ns)


def _window(
    handover: Handover, direction: Direction, released_ns: int | None, begins: Border | None, ends: Border | None
) -> Window:
    end_ns = direction.end_ns
    last_ns = handover.trigger_ns if end_ns is None else max(end_ns, handover.trigger_ns)
    if handover.until_ns is not None:
        last_ns = min(last_ns, handover.until_ns)
    close_ns = released_ns
    if handover.new is None:
        close_ns = None
    elif handover.copies is not None:
        close_ns = _moved_ns(handover, direction)
    elif handover.invite is None and (handover.registration is not None or handover.done_ns is not None):
        moved_ns = handover.done_ns if handover.registration is None else handover.registration.answered_ns
        close_ns = followed_ns(direction, handover.old, handover.new, moved_ns, handover.until_ns)
    elif handover.in_dialog and handover.accepted_ns is not None:
        first_ns = first_new_packet(direction, handover.new, handover.trigger_ns, handover.until_ns)
        close_ns = None if first_ns is None else max(first_ns, handover.accepted_ns)
    if close_ns is None or (handover.until_ns is not None and close_ns > handover.until_ns):
        return Window(handover.opened_ns, last_ns, released=False, begins=begins, ends=ends)
    return Window(handover.opened_ns, close_ns, begins=begins, ends=ends)


def _moved_ns(handover: Handover, direction: Direction) -> int | None:
    """Return when a call that was moved to a dialog that stood by is on the new path alone, or on both for good."""
    if handover.old is None or handover.done_ns is None:
        return None
    if handover.copies == ALWAYS:
        return _first_over(direction, handover.new, handover.done_ns)
    last_ns = copies_end(direction, handover.old, handover.done_ns)
    return first_new_packet(direction, handover.new, last_ns, handover.until_ns)
