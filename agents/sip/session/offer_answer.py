"""Whose turn it is with session descriptions (RFC 3264 4; RFC 3261 13.2.1)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.sip.message.build import SDP
from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from agents.sip.message.message import Message, Request


class OfferState(StrEnum):
    """OFFERED: ours is open; PENDING: theirs."""

    STABLE = "STABLE"
    OFFERED = "OFFERED"
    PENDING = "PENDING"


# RFC 3264 4: no new offer while one is open in either direction. A description is an offer, or the answer to one.
_SENT = {OfferState.STABLE: OfferState.OFFERED, OfferState.PENDING: OfferState.STABLE}
_RECEIVED = {OfferState.STABLE: OfferState.PENDING, OfferState.OFFERED: OfferState.STABLE}


class OfferAnswer:
    """The state of one session. `local` and `remote` are of the last exchange that was completed."""

    __slots__ = ("_offer", "local", "remote", "state")

    def __init__(self) -> None:
        self.state = OfferState.STABLE
        self.local: bytes | None = None
        self.remote: bytes | None = None
        self._offer: bytes | None = None

    @property
    def remote_latest(self) -> bytes | None:
        """The peer's open offer, or its description of the last exchange."""
        return self._offer if self.state is OfferState.PENDING else self.remote

    def send(self, description: bytes) -> None:
        """We send an offer, or the answer to the peer's one."""
        state = _SENT.get(self.state)
        if state is None:
            raise LocalProtocolError("an offer while our last one has no answer")
        if self.state is OfferState.PENDING:
            self.local, self.remote, self._offer = description, self._offer, None
        else:
            self._offer = description
        self.state = state

    def receive(self, description: bytes) -> None:
        """The peer sends an offer, or the answer to ours."""
        state = _RECEIVED.get(self.state)
        if state is None:
            raise RemoteProtocolError("an offer while the last one has no answer", status_hint=491)
        if self.state is OfferState.OFFERED:
            self.local, self.remote, self._offer = self._offer, description, None
        else:
            self._offer = description
        self.state = state

    def take_ack(self, ack: Request) -> None:
        """An ACK has the answer when our 2xx had the offer; without it the offer came to nothing."""
        if self.state is OfferState.OFFERED:
            answer = session_description(ack)
            if answer is None:
                self.roll_back()
            else:
                self.receive(answer)

    def roll_back(self) -> None:
        """The open offer came to nothing; the last exchange stands (14.1)."""
        self.state = OfferState.STABLE
        self._offer = None


def session_description(message: Message) -> bytes | None:
    """The body that takes part in offer and answer (13.2.1): application/sdp that is not said to be something else."""
    if not message.body or message.content_type != SDP:
        return None
    disposition = (message.headers.get("content-disposition") or "session").partition(";")[0].strip().lower()
    return message.body if disposition == "session" else None
