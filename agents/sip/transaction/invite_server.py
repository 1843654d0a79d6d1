"""INVITE server transaction (RFC 3261 17.2.1, with the Accepted state of RFC 6026 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_response
from agents.sip.transaction.machine import Transaction, response_step, server_key
from agents.sip.transaction.states import TransactionState, TransactionStep, TransactionTimer

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.transaction.machine import ServerUser, Table, Transport

#: 17.2.1: 100 Trying unless the user answers within 200 ms.
TRYING_AFTER = 0.2


class InviteServer(Transaction):
    """Answers the retransmissions of an INVITE, and repeats a refusal until it is acknowledged."""

    MACHINE = "INVITE server"

    def __init__(
        self,
        request: Request,
        flow: Flow,
        transport: Transport,
        user: ServerUser | None = None,
        *,
        reliable: bool = False,
    ) -> None:
        super().__init__(server_key(request), request, flow, transport, reliable=reliable)
        self.user = user
        self.last_response: Response | None = None

    @property
    def is_final(self) -> bool:
        """Whether a final response was sent."""
        return self.state is not TransactionState.PROCEEDING

    @property
    def is_accepted(self) -> bool:
        """Whether that was a 2xx, whose ACK belongs to the dialog."""
        return self.state is TransactionState.ACCEPTED

    def start(self, now: float) -> None:
        """Begin to absorb retransmissions."""
        self.feed(TransactionStep.START, None, now)

    def receive(self, request: Request, now: float) -> bool:
        """A retransmission, or an ACK; False when this state ignores it."""
        return self.feed(TransactionStep.ACK if request.method == "ACK" else TransactionStep.REQUEST, request, now)

    def respond(self, response: Response, now: float) -> bool:
        """A response of the user; False when it comes too late for this state."""
        return self.feed(response_step(response.status), self.complemented(response), now)

    def _duration(self, timer: TransactionTimer) -> float:
        return TRYING_AFTER if timer is TransactionTimer.TRYING else super()._duration(timer)

    def _do_respond(self, response: Response, now: float) -> None:
        if timer := self._timers.pop(TransactionTimer.TRYING, None):
            timer.cancel()
        self.last_response = response
        self._send(response)

    def _do_resend(self, _: Message | None, now: float) -> None:
        if self.last_response is not None:
            self._send(self.last_response)

    def _do_trying(self, _: Message | None, now: float) -> None:
        self._do_respond(new_response(self.request, 100), now)

    def _do_resend_doubling(self, _: Message | None, now: float) -> None:
        self._restart_doubled(TransactionTimer.G, now, limit=self._transport.timings.t2)
        self._do_resend(None, now)

    def _do_pass_ack(self, request: Request, now: float) -> None:
        # An ACK for a 2xx under the INVITE's own branch: RFC 2543 peers (RFC 6026 6).
        if self.user is not None:
            self.user.on_ack(request, now)

    def _do_no_ack(self, _: Message | None, now: float) -> None:
        if self.user is not None:
            self.user.on_no_ack(now)

    # RFC 6026 8.6, figure 7. A response that could not be sent changes nothing (RFC 6026 8.8): the link died, and the
    # retransmission that comes over the next one must still find its transaction.
    TABLE: ClassVar[Table] = {
        TransactionState.NEW: {
            TransactionStep.START: (TransactionState.PROCEEDING,),
        },
        TransactionState.PROCEEDING: {
            TransactionStep.REQUEST: (TransactionState.PROCEEDING, _do_resend),
            TransactionTimer.TRYING: (TransactionState.PROCEEDING, _do_trying),
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_respond),
            TransactionStep.SUCCESS: (TransactionState.ACCEPTED, _do_respond),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_respond),
        },
        TransactionState.COMPLETED: {
            TransactionStep.REQUEST: (TransactionState.COMPLETED, _do_resend),
            TransactionStep.ACK: (TransactionState.CONFIRMED,),
            TransactionTimer.G: (TransactionState.COMPLETED, _do_resend_doubling),
            TransactionTimer.H: (TransactionState.TERMINATED, _do_no_ack),
        },
        TransactionState.ACCEPTED: {
            TransactionStep.REQUEST: (TransactionState.ACCEPTED,),
            TransactionStep.ACK: (TransactionState.ACCEPTED, _do_pass_ack),
            TransactionStep.SUCCESS: (TransactionState.ACCEPTED, _do_respond),
            TransactionTimer.L: (TransactionState.TERMINATED,),
        },
        TransactionState.CONFIRMED: {
            TransactionStep.ACK: (TransactionState.CONFIRMED,),
            TransactionTimer.I: (TransactionState.TERMINATED,),
        },
        TransactionState.TERMINATED: {},
    }
