"""What signalling cost, counted at the MN's interfaces: messages, bytes, retransmissions; set-up with its question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testbed.measure import units
from testbed.measure.call.extension import SupportQuestion, find_question

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testbed.measure.call.handover import Handover
    from testbed.measure.folder.run_folder import Manifest
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


def signalling_numbers(
    counted: Sequence[Counted], everywhere: Sequence[SipMessage], manifest: Manifest
) -> dict[str, Any]:
    """Return `signalling` of result.json; `everywhere` are the messages at all captured interfaces, by time."""
    messages = [one.message for one in counted]
    ends = _setup(messages, manifest)
    setup_ns = None if ends is None else ends[1] - ends[0]
    question = None
    if ends is not None:
        until = [one for one in everywhere if ends[0] <= one.time_ns <= ends[1]]
        question = find_question(until, lambda one: one.destination.ip in manifest.cn.addresses)
    return {
        "setup_ms": units.ms(setup_ns),
        **sums(counted),
        "question": None if question is None else _question(question, setup_ns, manifest),
        "requests": _tally(one.method for one in messages if one.is_request),
        "responses": _tally(str(one.status) for one in messages if not one.is_request),
        "handover": sums([one for one in counted if one.handover is not None]),
        "registering": sums([one for one in counted if one.registers]),
        "rest": sums([one for one in counted if one.handover is None and not one.registers]),
    }


def handover_signalling(
    counted: Iterable[Counted], number: int, handover: Handover, own: Iterable[SeenTransaction]
) -> dict[str, Any]:
    """Return what handover `number` cost, and how long its INVITE took: from the first to the one that succeeded.

    `own` are the transactions that the MN began.
    """
    invites = [
        one.request.time_ns
        for one in own
        if one.request.method == "INVITE"
        and one.request.time_ns >= handover.trigger_ns
        and (handover.until_ns is None or one.request.time_ns < handover.until_ns)
    ]
    final_ns = handover.final_ns
    return {
        "delay_ms": None if final_ns is None or not invites else units.ms(final_ns - min(invites)),
        **sums([one for one in counted if one.handover == number]),
    }


def sums(counted: Sequence[Counted]) -> dict[str, int]:
    """Return how many messages these are, their bytes of UDP payload, and how many of them were sent again."""
    return {
        "messages": len(counted),
        "bytes": sum(one.message.size for one in counted),
        "retransmissions": sum(one.is_repeat for one in counted),
    }


def _setup(messages: Sequence[SipMessage], manifest: Manifest) -> tuple[int, int] | None:
    """Return when the MN's first INVITE left and when its ACK did; None where one of them was not captured."""
    out = [message for message in messages if message.source.ip in manifest.mn.addresses]
    invite = next((one for one in out if one.is_request and one.method == "INVITE"), None)
    if invite is None:
        return None
    accepted = (one for one in messages if one.method == "INVITE" and one.is_success)
    final = next((one for one in accepted if one.call_id == invite.call_id), None)
    acks = (one for one in out if one.method == "ACK" and final and one.time_ns >= final.time_ns)
    ack = next((one for one in acks if one.call_id == invite.call_id), None)
    return None if ack is None else (invite.time_ns, ack.time_ns)


def _question(question: SupportQuestion, setup_ns: int | None, manifest: Manifest) -> dict[str, Any]:
    asker = question.asked.source.ip
    if asker in manifest.mn.addresses:
        asker = "mn"
    elif manifest.relay is not None and asker in manifest.relay.addresses:
        asker = "relay"
    round_ns = question.round_ns
    without_ns = None if setup_ns is None or round_ns is None else setup_ns - round_ns
    return {
        "asked_by": asker,
        "answer": question.said,
        "round_ms": units.ms(round_ns),
        "setup_without_round_ms": units.ms(without_ns),
    }


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
