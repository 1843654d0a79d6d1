"""Client transaction of every method but INVITE and ACK (RFC 3261 17.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.transaction.machine import Transaction, client_key, response_step
from agents.sip.transaction.states import TransactionState, TransactionStep, TransactionTimer

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Message, Request, Response
    from agents.sip.transaction.machine import ClientUser, Table, Transport


class NonInviteClient(Transaction):
    """Sends a request until a final response comes."""

    MACHINE = "non-INVITE client"

    def __init__(
        self, request: Request, flow: Flow, transport: Transport, user: ClientUser, *, reliable: bool = False
    ) -> None:
        super().__init__(client_key(request), request, flow, transport, reliable=reliable)
        self._user = user

    def start(self, now: float) -> None:
        """Send the request."""
        self.feed(TransactionStep.START, None, now)

    def receive(self, response: Response, now: float) -> bool:
        """A response that belongs here; False when this state ignores it."""
        return self.feed(response_step(response.status), response, now)

    def _do_send(self, _: Message | None, now: float) -> None:
        self._send(self.request)

    def _do_repeat(self, _: Message | None, now: float) -> None:
        self._start(TransactionTimer.E, now)

    def _do_resend_doubling(self, _: Message | None, now: float) -> None:
        self._restart_doubled(TransactionTimer.E, now, limit=self._transport.timings.t2)
        self._send(self.request)

    def _do_resend_slowly(self, _: Message | None, now: float) -> None:
        self._intervals[TransactionTimer.E] = self._transport.timings.t2
        self._start(TransactionTimer.E, now)
        self._send(self.request)

    def _do_pass_up(self, response: Response, now: float) -> None:
        self._user.on_response(self, response, now)

    def _do_timeout(self, _: Message | None, now: float) -> None:
        self._user.on_failure(self, 408, now)

    def _do_unreachable(self, _: Message | None, now: float) -> None:
        self._user.on_failure(self, 503, now)

    # RFC 3261 17.1.2.2, figure 6. The figure's 200-699 are two events here.
    TABLE: ClassVar[Table] = {
        TransactionState.NEW: {
            TransactionStep.START: (TransactionState.TRYING, _do_send),
        },
        TransactionState.TRYING: {
            TransactionStep.FALL_BACK: (TransactionState.TRYING, _do_send, _do_repeat),
            TransactionTimer.E: (TransactionState.TRYING, _do_resend_doubling),
            TransactionTimer.F: (TransactionState.TERMINATED, _do_timeout),
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED, _do_unreachable),
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_pass_up),
            TransactionStep.SUCCESS: (TransactionState.COMPLETED, _do_pass_up),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_pass_up),
        },
        TransactionState.PROCEEDING: {
            TransactionTimer.E: (TransactionState.PROCEEDING, _do_resend_slowly),
            TransactionTimer.F: (TransactionState.TERMINATED, _do_timeout),
            TransactionStep.TRANSPORT_ERROR: (TransactionState.TERMINATED, _do_unreachable),
            TransactionStep.PROVISIONAL: (TransactionState.PROCEEDING, _do_pass_up),
            TransactionStep.SUCCESS: (TransactionState.COMPLETED, _do_pass_up),
            TransactionStep.REFUSAL: (TransactionState.COMPLETED, _do_pass_up),
        },
        TransactionState.COMPLETED: {
            TransactionTimer.K: (TransactionState.TERMINATED,),
        },
        TransactionState.TERMINATED: {},
    }
