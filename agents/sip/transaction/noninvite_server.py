"""Server transaction of every method but INVITE and ACK (RFC 3261 17.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.transaction.machine import Transaction, response_event, server_key

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
        self.feed("start", None, now)

    def receive(self, request: Request, now: float) -> bool:
        """A retransmission; False when this state ignores it."""
        return self.feed("request", request, now)

    def respond(self, response: Response, now: float) -> bool:
        """A response of the user; False when it comes too late for this state."""
        return self.feed(f"user {response_event(response.status)}", response, now)

    def respond_once(self, response: Response, now: float) -> bool:
        """The same, and be forgotten: a retransmission is a new request (8.2.7)."""
        return self.feed("user once", response, now)

    def _do_respond(self, response: Response, now: float) -> None:
        self.last_response = response
        self._send(response)

    def _do_resend(self, _: Message | None, now: float) -> None:
        if self.last_response is not None:
            self._send(self.last_response)

    # RFC 3261 17.2.2, figure 8. The figure's 200-699 are two events here; no provisional response but a late 100 is
    # allowed over UDP (RFC 4320 4.1), and this one sends none. "once": a response that is not remembered (8.2.7).
    TABLE: ClassVar[Table] = {
        "": {
            "start": ("TRYING",),
        },
        "TRYING": {
            "user 1xx": ("PROCEEDING", _do_respond),
            "user 2xx": ("COMPLETED", _do_respond),
            "user 300-699": ("COMPLETED", _do_respond),
            "user once": ("TERMINATED", _do_respond),
            # RFC 4320 4.2: who cannot answer in time does not answer at all.
            "timer F": ("TERMINATED",),
        },
        "PROCEEDING": {
            "request": ("PROCEEDING", _do_resend),
            "user 1xx": ("PROCEEDING", _do_respond),
            "user 2xx": ("COMPLETED", _do_respond),
            "user 300-699": ("COMPLETED", _do_respond),
            "transport error": ("TERMINATED",),
            "timer F": ("TERMINATED",),
        },
        "COMPLETED": {
            "request": ("COMPLETED", _do_resend),
            "transport error": ("TERMINATED",),
            "timer J": ("TERMINATED",),
        },
        "TERMINATED": {},
    }
    TIMERS: ClassVar = {"TRYING": ("F",), "PROCEEDING": ("F",), "COMPLETED": ("J",)}
