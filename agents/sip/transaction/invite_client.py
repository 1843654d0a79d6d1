"""INVITE client transaction (RFC 3261 17.1.1, with the Accepted state of RFC 6026 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_ack
from agents.sip.transaction.machine import Transaction, client_key, response_step
from agents.sip.transaction.states import TransactionState, TransactionStep, TransactionTimer

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.transaction.machine import ClientUser, Table, Transport


class InviteClient(Transaction):
    """Sends an INVITE until somebody answers, and acknowledges a refusal."""

    MACHINE = "INVITE client"

    def __init__(
        self, request: Request, flow: Flow, transport: Transport, user: ClientUser, *, reliable: bool = False
    ) -> None:
        super().__init__(client_key(request), request, flow, transport, reliable=reliable)
        self._user = user
        self._ack: Request | None = None

    def start(self, now: float) -> None:
        """Send the INVITE."""
        self.feed(TransactionStep.START, None, now)

    def receive(self, response: Response, now: float) -> bool:
        """A response that belongs here; False when this state ignores it."""
        return self.feed(response_step(response.status), response, now)

    def abandon(self, now: float) -> None:
        """Nobody waits for an answer any more (9.1, last paragraph)."""
        self.feed(TransactionStep.ABANDON, None, now)

    def _do_send(self, _: Message | None, now: float) -> None:
        self._send(self.request)

    def _do_repeat(self, _: Message | None, now: float) -> None:
        self._start(TransactionTimer.A, now)

    def _do_resend(self, _: Message | None, now: float) -> None:
        self._restart_doubled(TransactionTimer.A, now)
        self._send(self.request)

    def _do_make_ack(self, response: Response, now: float) -> None:
        self._ack = new_ack(self.request, response)

    def _do_ack(self, _: Message | None, now: float) -> None:
        if self._ack is not None:
            self._send(self._ack)

    def _do_pass_up(self, response: Response, now: float) -> None:
        self._user.on_response(self, response, now)

    def _do_timeout(self, _: Message | None, now: float) -> None:
        self._user.on_failure(self, 408, now)

    def _do_unreachable(self, _: Message | None, now: float) -> None:
        self._user.on_failure(self, 503, now)

    # RFC 6026 8.4, figure 5.
    TABLE: ClassVar[Table] = {
        TransactionState.NEW: {
            TransactionStep.START: (TransactionState.CALLING, _do_send),
        },
        TransactionState.CALLING: {
            TransactionStep.FALL_BACK: (TransactionState.CALLING, _do_send, _do_repeat),
            TransactionTimer.A: (TransactionState.CALLING, _do_resend),
            TransactionTimer.B: (TransactionState.TERMINATED, _do_timeout),
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED, _do_unreachable),
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_pass_up),
            TransactionStep.SUCCESS: (TransactionState.ACCEPTED, _do_pass_up),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_make_ack, _do_ack, _do_pass_up),
            TransactionStep.ABANDON: (TransactionState.TERMINATED,),
        },
        TransactionState.PROCEEDING: {
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_pass_up),
            TransactionStep.SUCCESS: (TransactionState.ACCEPTED, _do_pass_up),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_make_ack, _do_ack, _do_pass_up),
            TransactionStep.ABANDON: (TransactionState.TERMINATED,),
        },
        TransactionState.COMPLETED: {
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_ack),
            # RFC 6141 5.3: the ACK for a refusal that could not be sent says nothing about the call.
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED,),
            TransactionTimer.D: (TransactionState.TERMINATED,),
        },
        TransactionState.ACCEPTED: {
            TransactionStep.SUCCESS: (TransactionState.ACCEPTED, _do_pass_up),
            TransactionTimer.M: (TransactionState.TERMINATED,),
        },
        TransactionState.TERMINATED: {},
    }
