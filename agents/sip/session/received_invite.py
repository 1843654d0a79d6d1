"""One INVITE as its callee sees it (RFC 3261 13.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import new_response
from agents.sip.message.errors import LocalProtocolError
from agents.sip.session.outcomes import Acked, NotAcked, Withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.message.build import Body
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.outcomes import Report
    from agents.sip.transaction.invite_server import InviteServer
    from agents.sip.transaction.timer import Timer

#: 13.3.1.1: a provisional response at every minute keeps proxies from giving up.
RING_AGAIN = 60.0


class ReceivedInvite:
    """Answers an INVITE, and repeats its 2xx until the ACK comes.

    It reports whether that came, or that the INVITE was taken back: `Acked`, `NotAcked` or `Withdrawn`.
    """

    def __init__(self, core: Core, transaction: InviteServer, to_tag: str | None, report: Report) -> None:
        self.request = transaction.request
        self.is_answered = False
        self.is_accepted = False
        self.is_acked = False
        self._core = core
        self._transaction = transaction
        self._to_tag = to_tag
        self._report = report
        self._timers: dict[str, Timer] = {}
        self._interval = core.timings.t1
        transaction.user = self

    def watch_expiry(self, now: float) -> None:
        """13.3.1, step 1."""
        expires = self.request.expires
        if expires is not None:
            self._start("expires", now + expires)

    def provide(self, status: int, headers: Iterable[tuple[str, str]], body: Body | None, now: float) -> None:
        """101 … 199."""
        self._respond(status, headers, body, now)
        self._start("ring", now + RING_AGAIN)

    def accept(self, headers: Iterable[tuple[str, str]], body: Body | None, now: float) -> Response:
        """200, with the Record-Route of the request (12.1.1), until the ACK comes (13.3.1.4)."""
        routes = [("Record-Route", value) for value in self.request.headers.get_all("record-route")]
        response = self._respond(200, [*routes, *headers], body, now)
        self._finish()
        self.is_accepted = True
        self._start("2xx", now + self._interval)
        self._start("ACK", now + self._core.timings.give_up)
        return response

    def reject(self, status: int, reason: str | None, headers: Iterable[tuple[str, str]], now: float) -> Response:
        """300 … 699; the transaction repeats it."""
        response = self._respond(status, headers, None, now, reason)
        self._finish()
        # From here on the transaction does all alone, and must not keep the call: a flood's would all grow old with it.
        self._transaction.user = None
        return response

    def close(self, now: float) -> None:
        """The session is over: 487 if this is still open (15.1.2), and no more waiting for an ACK."""
        if not self.is_answered:
            self.reject(487, None, (), now)
        self._stop()

    def _stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def on_ack(self, ack: Request, now: float) -> None:
        """The ACK for the 2xx, once or again."""
        if self.is_accepted and not self.is_acked:
            self.is_acked = True
            self._stop()
            self._report(Acked(ack), now)

    def on_no_ack(self, now: float) -> None:
        """Timer H: nobody acknowledged our refusal. Nothing hangs on it."""

    def on_cancel(self, now: float) -> None:
        """A CANCEL for it came (9.2)."""
        self._withdraw("cancelled", now)

    def on_timer(self, name: str, now: float) -> None:
        """See `_start`."""
        self._timers.pop(name, None)
        last = self._transaction.last_response
        if name == "ACK":
            self._stop()
            self._report(NotAcked(), now)
        elif name == "expires":
            self._withdraw("expired", now)
        elif last is not None:
            self._transaction.respond(last, now)
            if name == "ring":
                self._start("ring", now + RING_AGAIN)
            else:
                self._interval = min(2 * self._interval, self._core.timings.t2)
                self._start("2xx", now + self._interval)

    def _withdraw(self, reason: str, now: float) -> None:
        if not self.is_answered:
            self.reject(487, None, (), now)
            self._report(Withdrawn(reason), now)

    def _respond(
        self, status: int, headers: Iterable[tuple[str, str]], body: Body | None, now: float, reason: str | None = None
    ) -> Response:
        if self.is_answered:
            raise LocalProtocolError(f"{status} after the final response")
        tag = self._to_tag if self.request.to.tag is None else None
        response = new_response(self.request, status, reason=reason, to_tag=tag, headers=headers, body=body)
        self._transaction.respond(response, now)
        return response

    def _finish(self) -> None:
        self.is_answered = True
        self._stop()

    def _start(self, name: str, at: float) -> None:
        if old := self._timers.get(name):
            old.cancel()
        self._timers[name] = self._core.timers.start(self, name, at)
