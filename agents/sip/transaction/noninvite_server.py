"""Server transaction of every method but INVITE and ACK (RFC 3261 17.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.transaction.machine import Transaction, response_step, server_key
from agents.sip.transaction.states import TransactionState, TransactionStep, TransactionTimer

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.transaction.machine import Table, Transport


class NonInviteServer(Transaction):
    """Answers the retransmissions of a request with the last response."""

    MACHINE = "non-INVITE server"

    def __init__(self, request: Request, flow: Flow, transport: Transport, *, reliable: bool = False) -> None:
        super().__init__(server_key(request), request, flow, transport, reliable=reliable)
        self.last_response: Response | None = None

    def start(self, now: float) -> None:
        """Begin to absorb retransmissions."""
        self.feed(TransactionStep.START, None, now)

    def receive(self, request: Request, now: float) -> bool:
        """A retransmission; False when this state ignores it."""
        return self.feed(TransactionStep.REQUEST, request, now)

    def respond(self, response: Response, now: float) -> bool:
        """A response of the user; False when it comes too late for this state."""
        return self.feed(response_step(response.status), self.complemented(response), now)

    def respond_once(self, response: Response, now: float) -> bool:
        """The same, and be forgotten: a retransmission is a new request (8.2.7)."""
        return self.feed(TransactionStep.ONCE, response, now)

    def _do_respond(self, response: Response, now: float) -> None:
        self.last_response = response
        self._send(response)

    def _do_resend(self, _: Message | None, now: float) -> None:
        if self.last_response is not None:
            self._send(self.last_response)

    # RFC 3261 17.2.2, figure 8. The figure's 200-699 are two events here; no provisional response but a late 100 is
    # allowed over UDP (RFC 4320 4.1), and this one sends none.
    TABLE: ClassVar[Table] = {
        TransactionState.NEW: {
            TransactionStep.START: (TransactionState.TRYING,),
        },
        TransactionState.TRYING: {
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_respond),
            TransactionStep.SUCCESS: (TransactionState.COMPLETED, _do_respond),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_respond),
            TransactionStep.ONCE: (TransactionState.TERMINATED, _do_respond),
            # RFC 4320 4.2: who cannot answer in time does not answer at all.
            TransactionTimer.F: (TransactionState.TERMINATED,),
        },
        TransactionState.PROCEEDING: {
            TransactionStep.REQUEST: (TransactionState.PROCEEDING, _do_resend),
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_respond),
            TransactionStep.SUCCESS: (TransactionState.COMPLETED, _do_respond),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_respond),
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED,),
            TransactionTimer.F: (TransactionState.TERMINATED,),
        },
        TransactionState.COMPLETED: {
            TransactionStep.REQUEST: (TransactionState.COMPLETED, _do_resend),
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED,),
            TransactionTimer.J: (TransactionState.TERMINATED,),
        },
        TransactionState.TERMINATED: {},
    }
