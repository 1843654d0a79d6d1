"""Where a session stands: its states, and what its parts look at and it alone changes (RFC 3261 13 to 15).

A step that a row of a table does not have is refused or ignored in that state.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.sip.message.errors import LocalProtocolError
from agents.sip.session.offer_answer import OfferAnswer

if TYPE_CHECKING:
    from agents.sip.message.address import Flow
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.dialog import Dialog
    from agents.sip.session.refresh import SessionTimer


class CallState(StrEnum):
    """Of a call, from its first INVITE to its end."""

    NEW = ""
    CALLING = "CALLING"
    EARLY = "EARLY"
    CANCELLING = "CANCELLING"
    INCOMING = "INCOMING"
    RINGING = "RINGING"
    ACCEPTED = "ACCEPTED"
    CONFIRMED = "CONFIRMED"
    ENDING = "ENDING"
    TERMINATED = "TERMINATED"


class CallStep(StrEnum):
    """What moves a call on: commands of its role, and what comes from the peer or does not."""

    CALL = "call"
    INVITED = "invited"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    REFUSED = "refused"
    CANCEL = "cancel"
    RING = "ring"
    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAWN = "withdrawn"
    ACK = "ack"
    NO_ACK = "no ack"
    BYE = "bye"
    #: A peer that no longer answers, or has let the session expire.
    DEAD = "dead"
    BYE_RECEIVED = "bye received"
    BYE_DONE = "bye done"


# RFC 3261 13 and 15, drawn as one machine.
CALL_TABLE: dict[CallState, dict[CallStep, CallState]] = {
    CallState.NEW: {
        CallStep.CALL: CallState.CALLING,
        CallStep.INVITED: CallState.INCOMING,
    },
    # we call
    CallState.CALLING: {
        CallStep.PROVISIONAL: CallState.EARLY,
        CallStep.SUCCESS: CallState.CONFIRMED,
        CallStep.REFUSED: CallState.TERMINATED,
        CallStep.CANCEL: CallState.CANCELLING,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    CallState.EARLY: {
        CallStep.PROVISIONAL: CallState.EARLY,
        CallStep.SUCCESS: CallState.CONFIRMED,
        CallStep.REFUSED: CallState.TERMINATED,
        CallStep.CANCEL: CallState.CANCELLING,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    # 15: a 2xx that was faster than the CANCEL is acknowledged, then ended with BYE.
    CallState.CANCELLING: {
        CallStep.PROVISIONAL: CallState.CANCELLING,
        CallStep.SUCCESS: CallState.ENDING,
        CallStep.REFUSED: CallState.TERMINATED,
        CallStep.CANCEL: CallState.CANCELLING,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    # we are called
    CallState.INCOMING: {
        CallStep.RING: CallState.RINGING,
        CallStep.ACCEPT: CallState.ACCEPTED,
        CallStep.REJECT: CallState.TERMINATED,
        CallStep.WITHDRAWN: CallState.TERMINATED,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    CallState.RINGING: {
        CallStep.RING: CallState.RINGING,
        CallStep.ACCEPT: CallState.ACCEPTED,
        CallStep.REJECT: CallState.TERMINATED,
        CallStep.WITHDRAWN: CallState.TERMINATED,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    # 15: the callee MUST NOT send BYE before the ACK or the end of the wait for it, so a "bye" is put off.
    CallState.ACCEPTED: {
        CallStep.BYE: CallState.ACCEPTED,
        CallStep.ACK: CallState.CONFIRMED,
        CallStep.NO_ACK: CallState.ENDING,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    # both
    CallState.CONFIRMED: {
        CallStep.BYE: CallState.ENDING,
        CallStep.DEAD: CallState.ENDING,
        CallStep.BYE_RECEIVED: CallState.TERMINATED,
    },
    # Our BYE is on its way; another one may go over another link. The peer's may cross it.
    CallState.ENDING: {
        CallStep.BYE: CallState.ENDING,
        CallStep.BYE_RECEIVED: CallState.ENDING,
        CallStep.BYE_DONE: CallState.TERMINATED,
    },
    CallState.TERMINATED: {},
}


class ChangeState(StrEnum):
    """Of the one re-INVITE that may be open, in either direction (14.1)."""

    IDLE = "IDLE"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    ANSWERED = "ANSWERED"


class ChangeStep(StrEnum):
    """What moves it on."""

    SEND = "send"
    RECEIVE = "receive"
    ANSWERED = "answered"
    REFUSED = "refused"
    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAWN = "withdrawn"
    ACK = "ack"
    NO_ACK = "no ack"


CHANGE_TABLE: dict[ChangeState, dict[ChangeStep, ChangeState]] = {
    ChangeState.IDLE: {ChangeStep.SEND: ChangeState.SENT, ChangeStep.RECEIVE: ChangeState.RECEIVED},
    ChangeState.SENT: {ChangeStep.ANSWERED: ChangeState.IDLE, ChangeStep.REFUSED: ChangeState.IDLE},
    ChangeState.RECEIVED: {
        ChangeStep.ACCEPT: ChangeState.ANSWERED,
        ChangeStep.REJECT: ChangeState.IDLE,
        ChangeStep.WITHDRAWN: ChangeState.IDLE,
    },
    ChangeState.ANSWERED: {ChangeStep.ACK: ChangeState.IDLE, ChangeStep.NO_ACK: ChangeState.IDLE},
}


class Standing:
    """Of one call, seen from one end.

    `local` is the address that its requests leave from; `peer` is where they go when neither a Route nor a Contact
    with an IP address says so; `contact` is the URI at which the peer reaches us. `last_response` is the last final
    response of either side to an INVITE of this call.
    """

    def __init__(self, core: Core, flow: Flow, invite: Request, contact: str, user: str) -> None:
        self.local, self.peer = flow
        self.contact = contact
        self.dialog: Dialog | None = None
        self.last_response: Response | None = None
        self.offer_answer = OfferAnswer()
        self.timer: SessionTimer | None = None
        #: How often the callee wants keep-alives over the flow of our requests, in seconds; None: not (RFC 6223).
        self.keep_alive_s: float | None = None
        self.state = CallState.NEW
        #: Who the peer has proved to be, if the role has asked (RFC 3891 3 wants it for a Handover).
        self.user = user
        self._core = core
        self._first_invite = invite

    def __repr__(self) -> str:
        return f"<Session {self.call_id} {self.state}>"

    @property
    def invite(self) -> Request:
        """The first INVITE, as it was sent last: an answer to a challenge is another one."""
        return self._first_invite

    @property
    def call_id(self) -> str:
        """Of the first INVITE."""
        return self._first_invite.call_id

    @property
    def remote_sdp(self) -> bytes | None:
        """The peer's open offer, or its part of the last exchange."""
        return self.offer_answer.remote_latest

    @property
    def local_sdp(self) -> bytes | None:
        """Our part of the last completed exchange."""
        return self.offer_answer.local

    @property
    def is_over(self) -> bool:
        """Whether there is no call any more (a BYE may still wait for its answer)."""
        return self.state in {CallState.ENDING, CallState.TERMINATED}

    @property
    def confirmed_dialog(self) -> Dialog:
        """The dialog; raises `LocalProtocolError` while there is none."""
        if self.dialog is None:
            raise LocalProtocolError(f"no dialog in {self.state}")
        return self.dialog

    def _step(self, step: CallStep) -> None:
        """Move to the next state; raises `LocalProtocolError` where the table has none."""
        if not self._try_step(step):
            raise LocalProtocolError(f"{step} in {self.state}")

    def _try_step(self, step: CallStep) -> bool:
        """Move to the next state; False when the step means nothing in this one."""
        state = CALL_TABLE[self.state].get(step)
        if state is None:
            return False
        if state is not self.state:
            change = f"{self.state} -> {state}" if self.state else str(state)
            self.state = state
            self._core.log_state("session", self.call_id, change)
        return True
