"""Where a side of a dialog moved its media to: offers in the dialog with another address, and what became of them.

An offer that was refused changes nothing (RFC 3261, 14.1; RFC 3311, 5.1): the next one is compared with what was in
force before it. One that was refused and made again (after a challenge, a glare, another try) is one move.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testbed.measure.sip.announced import Announced
    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction
    from testbed.measure.wire.packets import TransportAddress


class Told(NamedTuple):
    """What a side said where it wants its media, and in which message."""

    message: SipMessage
    by: str
    media: tuple[Announced, ...]


@dataclass(slots=True)
class Move:
    """Requests in the dialog with which a side moved its media to another address, from the first one on.

    `status` answered the last of them (None: nothing did), `refusals` the others before; `took_ns` is from the first
    request to that answer, `last_took_ns` from the last one.
    """

    time_ns: int
    by: str
    old: TransportAddress
    new: TransportAddress
    status: int | None
    took_ns: int | None
    last_took_ns: int | None
    refusals: list[int] = field(default_factory=list)


class OfferAnswers:
    """What became of the offers in a dialog, by its transactions and messages."""

    def __init__(self, transactions: Iterable[SeenTransaction], messages: Iterable[SipMessage]) -> None:
        self._transactions = {(one.request.method, one.request.cseq, one.request.from_tag): one for one in transactions}
        self._acks = {(one.cseq, one.from_tag): one.branch for one in messages if one.method == "ACK"}

    def to(self, message: SipMessage) -> SeenTransaction | None:
        """Return the transaction of a request; of an ACK, that of its INVITE (RFC 3261, 13.2.2.4)."""
        method = "INVITE" if message.method == "ACK" else message.method
        return self._transactions.get((method, message.cseq, message.from_tag))

    def put_in_force(self, message: SipMessage) -> bool:
        """Whether a description is: an answer, or an offer that was accepted; the first offer is, or no dialog is."""
        if not message.is_request or not message.to_tag or message.method == "ACK":
            return True
        answered = self.to(message)
        if answered is not None and answered.final is not None:
            return answered.succeeded
        # Where no final response was seen, the ACK of a 2xx has a branch of its own (RFC 3261, 17.1.1.3).
        branch = self._acks.get((message.cseq, message.from_tag)) if message.method == "INVITE" else None
        return branch is not None and branch != message.branch


def find_moves(said: Sequence[Told], answers: OfferAnswers) -> list[Move]:
    """Return the moves of a dialog, in order of time; `said` has each description once."""
    followed = _Followed(answers)
    for told in said:
        followed.hear(told)
    return followed.moves


class _Followed:
    """The addresses in force, by side and line of the description, and the moves of them."""

    def __init__(self, answers: OfferAnswers) -> None:
        self.moves: list[Move] = []
        self._answers = answers
        self._in_force: dict[str, dict[int, TransportAddress]] = {}
        self._refused: dict[str, Move] = {}

    def hear(self, told: Told) -> None:
        message, by = told.message, told.by
        old = self._in_force.setdefault(by, {})
        new = {one.line: one.endpoint for one in told.media}
        if not message.is_request or not message.to_tag:
            old.update(new)  # an answer is in force at once; the first offer is, or there is no dialog
            return
        answered = self._answers.to(message)
        line = next((one for one in sorted(new) if one in old), None)
        if line is not None and old[line] != new[line]:
            self._move(message, by, (old[line], new[line]), answered)
        if self._answers.put_in_force(message):
            old.update(new)
            self._refused.pop(by, None)

    def _move(
        self,
        message: SipMessage,
        by: str,
        ends: tuple[TransportAddress, TransportAddress],
        answered: SeenTransaction | None,
    ) -> None:
        """Add a move, or the next try of one that was refused."""
        final = answered.final if answered else None
        took_ns = answered.took_ns if answered else None
        status = final.status if final else None
        move = self._refused.get(by)
        if move is None or (move.old, move.new) != ends:
            began_ns = answered.request.time_ns if answered and message.method == "ACK" else message.time_ns
            move = Move(began_ns, by, *ends, status, took_ns, took_ns)
            self.moves.append(move)
        else:
            if move.status is not None:
                move.refusals.append(move.status)
            move.status, move.last_took_ns = status, took_ns
            move.took_ns = None if final is None else final.time_ns - move.time_ns
        self._refused[by] = move
