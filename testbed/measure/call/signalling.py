"""What signalling cost, counted at the MN's interfaces: messages, bytes, retransmissions; set-up with its question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.call.extension import SupportQuestion, find_question
from testbed.measure.mobility.protocols_seen import moved_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from testbed.measure.call.handover import Handover
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.mobility.protocols_seen import Exchange
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction


@dataclass(frozen=True, slots=True)
class Counted:
    """A message at the MN, whether it is one that was seen before, and what it is for.

    `handover` is the number of the handover that it belongs to, from 0, else None.
    """

    message: SipMessage
    is_repeat: bool
    handover: int | None

    @property
    def registers(self) -> bool:
        """Whether it is about a registration."""
        return self.message.method == "REGISTER"


def count_messages(messages: Iterable[SipMessage], handovers: Sequence[Handover]) -> list[Counted]:
    """Say of each message at the MN, in order of time, what it is for.

    It belongs to a handover when its exchange (a request, its responses, and the ACK of an INVITE) began within that
    handover's window, the longer one of both directions; registering never does. A message is a repeat when the same
    interface saw it before, from and to the same address.
    """
    began: dict[tuple[object, ...], int] = {}
    seen: set[tuple[object, ...]] = set()
    counted = []
    for one in messages:
        client = one.source if one.is_request else one.destination
        method = "INVITE" if one.method == "ACK" else one.method  # an ACK has the CSeq number of its INVITE (13.2.2.4)
        since_ns = began.setdefault((client.ip, one.call_id, one.cseq, method), one.time_ns)
        ends = (one.interface, one.source, one.destination)
        what = (*ends, one.method, one.is_request, one.status, one.transaction, one.from_tag, one.to_tag, one.size)
        handover = None if method == "REGISTER" else _handover_at(handovers, since_ns)
        counted.append(Counted(one, what in seen, handover))
        seen.add(what)
    return counted


def _handover_at(handovers: Sequence[Handover], time_ns: int) -> int | None:
    """Return the number of the last handover whose window has this time in it."""
    for number in reversed(range(len(handovers))):
        windows = handovers[number].windows.values()
        if handovers[number].trigger_ns <= time_ns <= max(window.close_ns for window in windows):
            return number
    return None


class Cost(NamedTuple):
    """How many messages, their bytes of UDP payload, and how many of them were sent again."""

    messages: int
    bytes: int
    retransmissions: int


class MobilityCost(NamedTuple):
    """The messages of another protocol than SIP that moved the MN, and their bytes without headers of UDP or IP."""

    protocol: str
    messages: int
    bytes: int


class Asked(NamedTuple):
    """The question for the Handover extension in the set-up: who asked, the answer, the round that a 420 cost."""

    asked_by: str
    answer: str | None
    round_ns: int | None
    setup_without_round_ns: int | None


class Signalling:
    """What passed the MN's interfaces; `everywhere` are the messages at all captured interfaces, by time."""

    def __init__(
        self,
        counted: Sequence[Counted],
        everywhere: Sequence[SipMessage],
        manifest: Manifest,
        exchanges: Sequence[Exchange] = (),
    ) -> None:
        self._counted, self._everywhere, self._manifest = counted, everywhere, manifest
        self._exchanges = exchanges

    @property
    def mobility(self) -> MobilityCost | None:
        """Return what moving the MN by another protocol than SIP cost; None where there is none."""
        found = self._exchanges
        if self._manifest.mn.kept is None and not found:
            return None
        return MobilityCost(
            moved_by(self._manifest, found), sum(one.messages for one in found), sum(one.bytes for one in found)
        )

    def cost(self, which: Callable[[Counted], bool] = lambda _: True) -> Cost:
        """Return what those of the messages cost."""
        found = [one for one in self._counted if which(one)]
        return Cost(len(found), sum(one.message.size for one in found), sum(one.is_repeat for one in found))

    @cached_property
    def _setup(self) -> tuple[int, int] | None:
        return _setup([one.message for one in self._counted], self._manifest)

    @property
    def setup_ns(self) -> int | None:
        """From the MN's first INVITE out to its ACK out."""
        return None if self._setup is None else self._setup[1] - self._setup[0]

    @cached_property
    def question(self) -> Asked | None:
        """The question; None where nobody asked in the set-up."""
        if self._setup is None:
            return None
        since_ns, until_ns = self._setup
        until = [one for one in self._everywhere if since_ns <= one.time_ns <= until_ns]
        question = find_question(until, lambda one: one.destination.ip in self._manifest.cn.addresses)
        return None if question is None else _asked(question, until_ns - since_ns, self._manifest)

    @property
    def requests(self) -> dict[str, int]:
        """How many requests there were, by method."""
        return _tally(one.message.method for one in self._counted if one.message.is_request)

    @property
    def responses(self) -> dict[str, int]:
        """How many responses there were, by status."""
        return _tally(str(one.message.status) for one in self._counted if not one.message.is_request)


def answer_delay_ns(handover: Handover, own: Iterable[SeenTransaction]) -> int | None:
    """Return how long a handover's INVITE took: from its first one to the final response of the one that succeeded.

    Where a registration moved the media, or a Refresh: how long that did. `own` are the transactions that the MN began.
    """
    if handover.registration is not None:
        answered_ns = handover.registration.answered_ns
        return None if answered_ns is None else answered_ns - handover.registration.asked_ns
    invites = [
        one.request.time_ns
        for one in own
        if one.request.method == "INVITE"
        and one.request.time_ns >= handover.trigger_ns
        and (handover.until_ns is None or one.request.time_ns < handover.until_ns)
    ]
    final_ns = handover.final_ns
    return None if final_ns is None or not invites else final_ns - min(invites)


def _setup(messages: Sequence[SipMessage], manifest: Manifest) -> tuple[int, int] | None:
    """Return when the MN's first INVITE left and when its ACK did; None where one of them was not captured."""
    out = [message for message in messages if manifest.mn.has(message.source.ip)]
    invite = next((one for one in out if one.is_request and one.method == "INVITE"), None)
    if invite is None:
        return None
    accepted = (one for one in messages if one.method == "INVITE" and one.is_success)
    final = next((one for one in accepted if one.call_id == invite.call_id), None)
    acks = (one for one in out if one.method == "ACK" and final and one.time_ns >= final.time_ns)
    ack = next((one for one in acks if one.call_id == invite.call_id), None)
    return None if ack is None else (invite.time_ns, ack.time_ns)


def _asked(question: SupportQuestion, setup_ns: int, manifest: Manifest) -> Asked:
    asker = question.asked.source.ip
    if manifest.mn.has(asker):
        asker = "mn"
    elif manifest.relay is not None and asker in manifest.relay.addresses:
        asker = "relay"
    round_ns = question.round_ns
    return Asked(asker, question.said, round_ns, None if round_ns is None else setup_ns - round_ns)


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
