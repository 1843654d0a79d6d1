"""INVITE server transaction (RFC 3261 17.2.1, with the Accepted state of RFC 6026 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_response
from agents.sip.transaction.machine import Transaction, response_event, server_key

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
        return self.state != "PROCEEDING"

    @property
    def is_accepted(self) -> bool:
        """Whether that was a 2xx, whose ACK belongs to the dialog."""
        return self.state == "ACCEPTED"

    def start(self, now: float) -> None:
        """Begin to absorb retransmissions."""
        self.feed("start", None, now)

    def receive(self, request: Request, now: float) -> bool:
        """A retransmission, or an ACK; False when this state ignores it."""
        return self.feed(request.method, request, now)

    def respond(self, response: Response, now: float) -> bool:
        """A response of the user; False when it comes too late for this state."""
        return self.feed(f"user {response_event(response.status)}", response, now)

    def _duration(self, name: str) -> float:
        return TRYING_AFTER if name == "100" else super()._duration(name)

    def _do_respond(self, response: Response, now: float) -> None:
        if timer := self._timers.pop("100", None):
            timer.cancel()
        self.last_response = response
        self._send(response)

    def _do_resend(self, _: Message | None, now: float) -> None:
        if self.last_response is not None:
            self._send(self.last_response)

    def _do_trying(self, _: Message | None, now: float) -> None:
        self._do_respond(new_response(self.request, 100), now)

    def _do_resend_doubling(self, _: Message | None, now: float) -> None:
        self._restart_doubled("G", now, limit=self._transport.timings.t2)
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
        "": {
            "start": ("PROCEEDING",),
        },
        "PROCEEDING": {
            "INVITE": ("PROCEEDING", _do_resend),
            "timer 100": ("PROCEEDING", _do_trying),
            "user 1xx": ("PROCEEDING", _do_respond),
            "user 2xx": ("ACCEPTED", _do_respond),
            "user 300-699": ("COMPLETED", _do_respond),
        },
        "COMPLETED": {
            "INVITE": ("COMPLETED", _do_resend),
            "ACK": ("CONFIRMED",),
            "timer G": ("COMPLETED", _do_resend_doubling),
            "timer H": ("TERMINATED", _do_no_ack),
        },
        "ACCEPTED": {
            "INVITE": ("ACCEPTED",),
            "ACK": ("ACCEPTED", _do_pass_ack),
            "user 2xx": ("ACCEPTED", _do_respond),
            "timer L": ("TERMINATED",),
        },
        "CONFIRMED": {
            "ACK": ("CONFIRMED",),
            "timer I": ("TERMINATED",),
        },
        "TERMINATED": {},
    }
    TIMERS: ClassVar = {"PROCEEDING": ("100",), "COMPLETED": ("G", "H"), "ACCEPTED": ("L",), "CONFIRMED": ("I",)}
