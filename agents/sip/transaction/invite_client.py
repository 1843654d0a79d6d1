"""INVITE client transaction (RFC 3261 17.1.1, with the Accepted state of RFC 6026 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_ack
from agents.sip.transaction.machine import Transaction, client_key, response_event

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
        self.feed("start", None, now)

    def receive(self, response: Response, now: float) -> bool:
        """A response that belongs here; False when this state ignores it."""
        return self.feed(response_event(response.status), response, now)

    def abandon(self, now: float) -> None:
        """Nobody waits for an answer any more (9.1, last paragraph)."""
        self.feed("abandon", None, now)

    def _do_send(self, _: Message | None, now: float) -> None:
        self._send(self.request)

    def _do_repeat(self, _: Message | None, now: float) -> None:
        self._start("A", now)

    def _do_resend(self, _: Message | None, now: float) -> None:
        self._restart_doubled("A", now)
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
        "": {
            "start": ("CALLING", _do_send),
        },
        "CALLING": {
            "fall back": ("CALLING", _do_send, _do_repeat),
            "timer A": ("CALLING", _do_resend),
            "timer B": ("TERMINATED", _do_timeout),
            "transport error": ("TERMINATED", _do_unreachable),
            "1xx": ("PROCEEDING", _do_pass_up),
            "2xx": ("ACCEPTED", _do_pass_up),
            "300-699": ("COMPLETED", _do_make_ack, _do_ack, _do_pass_up),
            "abandon": ("TERMINATED",),
        },
        "PROCEEDING": {
            "1xx": ("PROCEEDING", _do_pass_up),
            "2xx": ("ACCEPTED", _do_pass_up),
            "300-699": ("COMPLETED", _do_make_ack, _do_ack, _do_pass_up),
            "abandon": ("TERMINATED",),
        },
        "COMPLETED": {
            "300-699": ("COMPLETED", _do_ack),
            # RFC 6141 5.3: the ACK for a refusal that could not be sent says nothing about the call.
            "transport error": ("TERMINATED",),
            "timer D": ("TERMINATED",),
        },
        "ACCEPTED": {
            "2xx": ("ACCEPTED", _do_pass_up),
            "timer M": ("TERMINATED",),
        },
        "TERMINATED": {},
    }
    TIMERS: ClassVar = {"CALLING": ("A", "B"), "COMPLETED": ("D",), "ACCEPTED": ("M",)}
