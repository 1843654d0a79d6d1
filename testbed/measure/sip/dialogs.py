"""SIP dialogs of a capture: who called whom, what became of it, and which dialog took over from which.

A dialog is a Call-ID and two tags (RFC 3261, 12), wherever it was seen: each request counts once, as the interface saw
it that was nearest to its sender. The two legs of a back-to-back user agent are two dialogs. An INVITE that was refused
and sent again with other credentials or without an extension (RFC 3261, 8.1.3.5) is one attempt to set up one dialog.
Not done: dialogs that no INVITE made (SUBSCRIBE).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import SipParseError
from agents.sip.message.handover import HandoverHeader
from testbed.measure.sip.announced import read_description
from testbed.measure.sip.holds import SeenHold, find_holds
from testbed.measure.sip.info_digits import InfoDigit, find_info_digits
from testbed.measure.sip.moves import Move, OfferAnswers, Told, find_moves
from testbed.measure.sip.transactions import SeenTransaction, across_interfaces, pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.wire.packets import TransportAddress

CALLER, CALLEE = "caller", "callee"
ESTABLISHED, ENDED, REFUSED, CANCELLED, RINGING, UNANSWERED = (
    "established", "ended", "refused", "cancelled", "ringing", "unanswered",
)  # fmt: skip
_OTHER = {CALLER: CALLEE, CALLEE: CALLER}
_IN_DIALOG = ("INVITE", "ACK", "BYE", "UPDATE")
"""Requests that tell of a dialog whose beginning was not captured, as do their responses."""


class Party(NamedTuple):
    """One side: its tag ("" where no answer told it), its URI in From and To, where its signalling came from."""

    tag: str
    uri: str
    endpoint: TransportAddress | None


class AnnouncedFor(NamedTuple):
    """Where a dialog has an address: who announced it, and for which line of the description."""

    by: str
    line: int


@dataclass(slots=True)
class SeenDialog:
    """One dialog; `number` counts them from 1, in order of their first messages. Times in ns since the epoch.

    `invite` is the first INVITE, None where the capture begins later: then `caller` is who sent the first request that
    was seen. `refusals` are the statuses of attempts before the last one; `status` is the final response to that.
    `established_ns` is the 2xx at the interface nearest to the caller, `setup_ns` from the first INVITE to the ACK.
    `handovers` is what Handover headers of its INVITE say, hop by hop; `handover_of` the number of the dialog that they
    name. `addresses` are those that its descriptions announce, at whatever interface; `digits` are of INFO requests.
    """

    call_id: str
    caller: Party
    callee: Party
    first_ns: int
    number: int = 0
    invite: SipMessage | None = None
    state: str = ESTABLISHED
    status: int | None = None
    refusals: list[int] = field(default_factory=list)
    established_ns: int | None = None
    setup_ns: int | None = None
    ended_ns: int | None = None
    ended_by: str | None = None
    transactions: list[SeenTransaction] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    addresses: dict[TransportAddress, AnnouncedFor] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    holds: list[SeenHold] = field(default_factory=list)
    digits: list[InfoDigit] = field(default_factory=list)
    handovers: list[str] = field(default_factory=list)
    handover_of: int | None = None

    @property
    def tags(self) -> frozenset[str]:
        """The same for both sides."""
        return frozenset((self.caller.tag, self.callee.tag))

    def by(self, message: SipMessage) -> str:
        """Return who sent a message."""
        return CALLER if (message.from_tag == self.caller.tag) == message.is_request else CALLEE

    def lives(self, first_ns: int, last_ns: int) -> bool:
        """Whether media between these times can be of this dialog: not all before it, nor all after it."""
        return self.first_ns <= last_ns and (self.ended_ns is None or self.ended_ns >= first_ns)


def find_dialogs(messages: Sequence[SipMessage]) -> list[SeenDialog]:
    """Return the dialogs in a capture's messages (in order of time), and attempts to make one."""
    by_call: dict[str, list[SipMessage]] = defaultdict(list)
    for message in messages:
        by_call[message.call_id].append(message)
    found = [dialog for same in by_call.values() for dialog in _in_call(same)]
    found.sort(key=lambda one: (one.first_ns, one.call_id, one.caller.tag, one.callee.tag))
    for number, dialog in enumerate(found, start=1):
        dialog.number = number
    named = {(dialog.call_id, dialog.tags): dialog for dialog in reversed(found)}
    for dialog in found:
        dialog.handover_of = _handover_of(dialog, named)
    return found


class _Call:
    """The messages of one Call-ID: by both tags, and by the tag in From those that may be of an attempt to call."""

    def __init__(self, messages: list[SipMessage]) -> None:
        self.messages = messages
        self._by_tags: dict[frozenset[str], list[int]] = defaultdict(list)
        self._attempts: dict[str, list[int]] = defaultdict(list)
        self.refusals: set[tuple[int, str]] = set()
        for index, one in enumerate(messages):
            self._by_tags[_tags(one)].append(index)
            is_refusal = one.is_final and not one.is_success
            if is_refusal:
                self.refusals.add((one.cseq, one.to_tag))
            in_dialog = one.to_tag and (one.is_request or one.is_success)
            if one.method in {"INVITE", "CANCEL"} and not in_dialog:
                self._attempts[one.from_tag].append(index)

    def of(self, dialog: SeenDialog) -> list[SipMessage]:
        """Return the messages of a dialog, and of the attempt to make it, in order of time."""
        mine = set(self._by_tags[dialog.tags] if dialog.callee.tag else ())
        if dialog.invite is not None:
            mine.update(self._attempts[dialog.caller.tag])
        return [self.messages[index] for index in sorted(mine)]


def _tags(message: SipMessage) -> frozenset[str]:
    return frozenset((message.from_tag, message.to_tag))


def _in_call(messages: list[SipMessage]) -> Iterator[SeenDialog]:
    """Yield the dialogs of one Call-ID."""
    call = _Call(messages)
    dialogs = [*_begun(messages)]
    known = {dialog.tags for dialog in dialogs}
    callers = {dialog.caller.tag for dialog in dialogs}
    for message in messages:
        if message.to_tag and _tags(message) not in known and _tells_of_dialog(message, call, callers):
            known.add(_tags(message))
            ends = message.source, message.destination
            asking, asked = ends if message.is_request else ends[::-1]
            caller = Party(message.from_tag, message.from_uri, asking)
            callee = Party(message.to_tag, message.to_uri, asked)
            dialogs.append(SeenDialog(message.call_id, caller, callee, message.time_ns))
    for dialog in dialogs:
        mine = call.of(dialog)
        dialog.transactions = _hops_merged(across_interfaces(pair(mine)))
        said, dialog.addresses = _descriptions(mine, dialog)
        dialog.told = _changes(said)
        _settle(dialog, mine)
        answers = OfferAnswers(dialog.transactions, mine)
        dialog.moves = find_moves(said, answers)
        dialog.holds = find_holds(mine, dialog.by, answers.put_in_force)
        dialog.digits = [*find_info_digits(dialog.transactions)]
        yield dialog


def _tells_of_dialog(message: SipMessage, call: _Call, callers: set[str]) -> bool:
    """Whether there is a dialog with these tags of which no INVITE was seen that made it."""
    if not message.is_request:
        # Of what is captured one way, responses may be all; to an INVITE that was seen they are answers (see `_begun`).
        return message.method in _IN_DIALOG and message.status != 100 and message.from_tag not in callers
    if message.method == "ACK" and (message.cseq, message.to_tag) in call.refusals:
        return False  # a refusal makes no dialog (RFC 3261, 17.1.1.3)
    return message.method in _IN_DIALOG


def _begun(messages: list[SipMessage]) -> Iterator[SeenDialog]:
    """Yield a dialog for each INVITE without a To tag: one for each 2xx's tag, else one for the attempt.

    Where responses were not captured, the ACK has the tag: that of a 2xx has a branch of its own (17.1.1.3).
    """
    legs: dict[str, list[SipMessage]] = {}
    numbers: dict[str, set[int]] = defaultdict(set)
    answers: dict[str, dict[str, SipMessage | None]] = defaultdict(dict)
    for message in messages:
        tag = message.from_tag
        if message.method == "INVITE" and message.is_request and not message.to_tag:
            legs.setdefault(tag, []).append(message)
            numbers[tag].add(message.cseq)
        elif message.method == "INVITE" and message.is_success and message.cseq in numbers[tag]:
            answers[tag].setdefault(message.to_tag, message)
    for tag, invites in legs.items():
        first = invites[0]
        for to_tag, answer in (answers[tag] or {_acknowledged(messages, invites): None}).items():
            yield SeenDialog(
                call_id=first.call_id,
                caller=Party(tag, first.from_uri, first.source),
                callee=Party(to_tag, first.to_uri, first.destination if answer is None else answer.source),
                first_ns=first.time_ns,
                invite=first,
                handovers=list(dict.fromkeys(one.handover for one in invites if one.handover)),
            )


def _acknowledged(messages: list[SipMessage], invites: list[SipMessage]) -> str:
    """Return the tag in the ACK of a 2xx that was not captured; "" where none was sent."""
    branches = {one.branch for one in invites}
    numbers = {one.cseq for one in invites}
    answered = {one.cseq for one in messages if one.method == "INVITE" and one.is_final}
    tags = (
        one.to_tag
        for one in messages
        if (one.method, one.from_tag) == ("ACK", invites[0].from_tag)
        and one.cseq in numbers - answered
        and one.branch not in branches
    )
    return next(tags, "")


def _hops_merged(transactions: Iterable[SeenTransaction]) -> list[SeenTransaction]:
    """Return each request of a dialog once, though proxies passed it on: as its sender's side saw it."""
    firsts: dict[tuple[object, ...], SeenTransaction] = {}
    for one in transactions:
        request = one.request
        firsts.setdefault((request.method, request.cseq, request.from_tag, request.to_tag), one)
    return list(firsts.values())


def _settle(dialog: SeenDialog, messages: list[SipMessage]) -> None:
    """Find out what became of a dialog."""
    # A BYE of which only the answer was captured was sent before that.
    byes = [one for one in messages if one.method == "BYE" and (one.is_request or one.is_success)]
    first = next((one for one in byes if one.is_request), next(iter(byes), None))
    if first is not None:
        dialog.state, dialog.ended_ns = ENDED, first.time_ns
        dialog.ended_by = dialog.by(first) if first.is_request else _OTHER[dialog.by(first)]
    if dialog.invite is None:
        _joined(dialog, messages)
        return
    attempts = [one for one in dialog.transactions if one.request.method == "INVITE" and not one.request.to_tag]
    finals = [one.final.status for one in attempts if one.final is not None and one.final.status is not None]
    dialog.refusals = [status for status in finals if status >= 300]
    accepted = next((one for one in attempts if one.succeeded), None)
    success = next((one for one in messages if one.method == "INVITE" and one.is_success), None)
    if accepted is not None and accepted.final is not None:
        dialog.status, dialog.established_ns = accepted.final.status, accepted.final.time_ns
        dialog.setup_ns = _setup_ns(dialog, accepted, messages)
    elif success is not None and dialog.callee.tag:
        dialog.status = success.status  # seen, but not where its request was
    elif dialog.callee.tag and attempts:  # only what the caller sent was captured
        dialog.setup_ns = _setup_ns(dialog, attempts[-1], messages)
    elif not byes:
        _not_established(dialog, messages, is_answered=bool(attempts) and attempts[-1].final is not None)


def _joined(dialog: SeenDialog, messages: list[SipMessage]) -> None:
    """Find out what became of a dialog whose INVITE was not captured: the answer to it may be."""
    before = []
    for one in messages:
        if one.is_request:
            break
        before.append(one)
    final = next((one for one in before if one.method == "INVITE" and one.is_final), None)
    if final is not None:
        dialog.status = final.status
        dialog.established_ns = final.time_ns if final.is_success else None
    if final is not None and not final.is_success:
        dialog.state = REFUSED
    elif before and final is None and len(before) == len(messages) and dialog.state != ENDED:
        dialog.state = RINGING


def _not_established(dialog: SeenDialog, messages: list[SipMessage], *, is_answered: bool) -> None:
    if is_answered and dialog.refusals:
        dialog.status = dialog.refusals.pop()
        cancelled = dialog.status == 487 and any(one.method == "CANCEL" for one in messages)
        dialog.state = CANCELLED if cancelled else REFUSED
        return
    provisional = [one.status for one in messages if one.method == "INVITE" and one.status and 100 < one.status < 200]
    dialog.state = RINGING if provisional else UNANSWERED


def _setup_ns(dialog: SeenDialog, accepted: SeenTransaction, messages: list[SipMessage]) -> int | None:
    """Return the time from the first INVITE to the ACK of the 2xx, where each was seen first."""
    acks = (
        one.time_ns
        for one in messages
        if one.method == "ACK" and (one.cseq, one.to_tag) == (accepted.request.cseq, dialog.callee.tag)
    )
    acknowledged_ns = next(acks, None)
    return None if acknowledged_ns is None else acknowledged_ns - dialog.first_ns


def _descriptions(
    messages: list[SipMessage], dialog: SeenDialog
) -> tuple[list[Told], dict[TransportAddress, AnnouncedFor]]:
    """Return what each side announced, each message once, and all addresses."""
    said: list[Told] = []
    addresses: dict[TransportAddress, AnnouncedFor] = {}
    seen: set[tuple[object, ...]] = set()
    for message in messages:
        media = read_description(message.body) if message.body else ()
        by = dialog.by(message)
        for one in media:
            addresses.setdefault(one.endpoint, AnnouncedFor(by, one.line))
        which = (by, message.method, message.cseq, message.status)
        if media and which not in seen:  # a relay of media may write another address into what it passes on
            seen.add(which)
            said.append(Told(message, by, media))
    return said, addresses


def _changes(said: Iterable[Told]) -> list[Told]:
    """Return what differs from what the same side announced before."""
    last: dict[str, Told] = {}
    found = []
    for one in said:
        if one.by not in last or last[one.by].media != one.media:
            found.append(one)
        last[one.by] = one
    return found


def _handover_of(dialog: SeenDialog, named: dict[tuple[str, frozenset[str]], SeenDialog]) -> int | None:
    """Return the dialog that a Handover header names; a B2BUA may have replaced it by what the next hop knows."""
    for text in dialog.handovers:
        try:
            handover = HandoverHeader.parse(text)
        except SipParseError:
            continue
        other = named.get((handover.call_id, frozenset((handover.to_tag, handover.from_tag))))
        if other is not None and other is not dialog:
            return other.number
    return None
