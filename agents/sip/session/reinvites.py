"""Changing a session: re-INVITEs of both sides (RFC 3261 14; targets: RFC 6141 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError
from agents.sip.session.core import contact_uri
from agents.sip.session.offer_answer import OfferState
from agents.sip.session.outcomes import (
    Acked,
    ChangeAcked,
    ChangeAsked,
    ChangeNotAcked,
    ChangeWithdrawn,
    Moved,
    NotAcked,
    NotMoved,
    RetryDue,
)
from agents.sip.session.outgoing_invite import OutgoingInvite
from agents.sip.session.received_invite import ReceivedInvite
from agents.sip.session.standing import CHANGE_TABLE, ChangeState, ChangeStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.message.address import Address, Flow
    from agents.sip.message.build import Body
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.outcomes import Outcome, Report
    from agents.sip.session.standing import Standing
    from agents.sip.transaction.invite_server import InviteServer
    from agents.sip.transaction.timer import Timer

    Pairs = tuple[tuple[str, str], ...]


class ChangeWanted(NamedTuple):
    """What a re-INVITE of ours is to say, and from where to where it goes; `contact` None: the present one."""

    flow: Flow
    contact: Address | str | None
    headers: Pairs
    body: Body | None


class Reinvites:
    """At most one re-INVITE at a time, in either direction (14.1)."""

    def __init__(self, core: Core, standing: Standing, report: Report) -> None:
        self.state = ChangeState.IDLE
        self.sent: OutgoingInvite | None = None
        self.received: ReceivedInvite | None = None
        self._core = core
        self._standing = standing
        self._report = report
        self._contact = ""
        self._retry: Timer | None = None
        self._retry_is_due = False
        # Whether the one that is SENT only refreshes, and what the role wants to be sent after it.
        self._is_refresh = False
        self._waiting: ChangeWanted | None = None

    @property
    def local(self) -> Address:
        """Where ACKs leave from."""
        return self._standing.local

    # -- ours ---------------------------------------------------------------------------------------------------------

    def send(self, change: ChangeWanted, now: float) -> None:
        """At once, or after a refresh that is under way (14.1)."""
        standing = self._standing
        dialog = standing.confirmed_dialog
        if self._is_refresh and self._waiting is None:
            self._waiting = change
            return
        self._step(ChangeStep.SEND)
        flow, contact, headers, body = change
        if body is not None:
            standing.offer_answer.send(body.data)
        self._contact = standing.contact if contact is None else contact_uri(contact, dialog.local.uri)
        self._forget_retry()
        timer = standing.timer
        extra = [("Contact", f"<{self._contact}>"), *self._core.feature_headers(has_timer=timer is not None), *headers]
        if timer is not None:
            extra += timer.request_headers()
        request = dialog.request("INVITE", self._core.new_via(flow.local), headers=extra, body=body)
        self.sent = OutgoingInvite(self._core, self._core.authorize(request, standing.invite), flow, self)
        self.sent.start(now)

    def refresh(self, flow: Flow, body: Body, now: float) -> bool:
        """One that keeps the session alive and changes nothing (RFC 4028 7.4); False when another one is open."""
        if self.state is not ChangeState.IDLE or self._standing.offer_answer.state is not OfferState.STABLE:
            return False
        if self._retry is not None or self._retry_is_due:  # the role's own is to come, and refreshes as well
            return False
        self.send(ChangeWanted(flow, None, (), body), now)
        self._is_refresh = True
        return True

    def lengthen(self, request: Request, response: Response) -> list[tuple[str, str]] | None:
        """After a 422 (RFC 4028 7.3)."""
        timer = self._standing.timer
        return None if timer is None else timer.lengthen(request, response)

    def next_cseq(self) -> int:
        """8.1.3.5, and of the dialog (12.2.1.1)."""
        return self._standing.confirmed_dialog.next_cseq()

    def on_provisional(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """RFC 6141 4.7: an unreliable provisional response refreshes nothing."""

    def on_success(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """The peer takes the change, and our new target."""
        if not self._standing.is_over:  # else a BYE crossed it
            self._step(ChangeStep.ANSWERED)
        is_refresh = self._is_refresh
        self._report(Moved(invite.flow, self._contact, response, is_refresh), now)
        if is_refresh:
            self._send_waiting(now)

    def on_refused(self, invite: OutgoingInvite, status: int, response: Response | None, now: float) -> None:
        """14.1: the session stays as it was."""
        if self._standing.is_over:
            return
        self._step(ChangeStep.REFUSED)
        retry_at = None
        if status == 491:
            owns_call_id = self._standing.confirmed_dialog.owns_call_id
            retry_at = now + self._core.ids.glare_wait(owns_call_id=owns_call_id)
        is_refresh, is_waited_for = self._is_refresh, self._waiting is not None
        if retry_at is not None and (is_waited_for or not is_refresh):
            self._retry = self._core.timers.start(self, "retry", retry_at)
        self._report(NotMoved(status, response, retry_at, is_refresh), now)
        if retry_at is not None and is_waited_for:  # sent now, it would meet the same one of the peer's
            self._is_refresh, self._waiting = False, None
            self._report(NotMoved(status, response, retry_at, is_refresh=False), now)
        else:
            self._send_waiting(now)

    def on_timer(self, name: str, now: float) -> None:
        """The time after a 491 is over; while the peer's re-INVITE is open, ours waits for its end too."""
        self._retry = None
        self._retry_is_due = True
        self._tell_if_due(now)

    # -- the peer's ---------------------------------------------------------------------------------------------------

    def receive(self, request: Request, transaction: InviteServer, now: float) -> None:
        """A re-INVITE in order; raises `RemoteProtocolError` when it comes at a wrong time (14.2)."""
        is_open = self._standing.offer_answer.state is not OfferState.STABLE
        if self.state is ChangeState.SENT or (self.state is not ChangeState.RECEIVED and is_open):
            raise RemoteProtocolError("our own INVITE is in progress", status_hint=491)
        if self.state is ChangeState.RECEIVED:
            wait = str(self._core.ids.retry_after())
            raise RemoteProtocolError("an INVITE is in progress", status_hint=500, headers=[("Retry-After", wait)])
        if self.received is not None:
            # RFC 5407 3.1.5: the ACK was overtaken or lost; the next INVITE says as much as it.
            self.received.on_ack(request, now)
        self._step(ChangeStep.RECEIVE)
        self.received = ReceivedInvite(self._core, transaction, None, self._take)
        self._report(ChangeAsked(request), now)

    def open(self, what: str) -> ReceivedInvite:
        """The peer's re-INVITE that waits for our answer; raises `LocalProtocolError` when there is none."""
        if self.state is not ChangeState.RECEIVED or self.received is None:
            raise LocalProtocolError(f"{what} with no re-INVITE of the peer open")
        return self.received

    def accept(self, headers: Iterable[tuple[str, str]], body: Body, now: float) -> Response:
        """200."""
        received = self.open("accept")
        self._step(ChangeStep.ACCEPT)
        return received.accept(headers, body, now)

    def reject(self, status: int, reason: str | None, headers: Iterable[tuple[str, str]], now: float) -> None:
        """300 … 699: nothing changes."""
        received = self.open("reject")
        self._step(ChangeStep.REJECT)
        received.reject(status, reason, headers, now)
        self._tell_if_due(now)

    def stop(self, now: float) -> None:
        """The session is over: 487 for what is open (15.1.2), no more 2xx, no more waiting."""
        self._forget_retry()
        if self.state is ChangeState.RECEIVED:
            self._step(ChangeStep.WITHDRAWN)
        if self.received is not None:
            self.received.close(now)

    def _take(self, outcome: Outcome, now: float) -> None:
        """What became of the peer's: the ACK for our 2xx came or did not, or it was taken back."""
        if isinstance(outcome, Acked):
            self._step(ChangeStep.ACK)
            self._report(ChangeAcked(outcome.ack), now)
        elif isinstance(outcome, NotAcked):
            self._step(ChangeStep.NO_ACK)
            self._report(ChangeNotAcked(), now)
        else:
            self._step(ChangeStep.WITHDRAWN)
            self._report(ChangeWithdrawn(), now)
        self._tell_if_due(now)

    def _send_waiting(self, now: float) -> None:
        """What the role wanted while a refresh was under way."""
        self._is_refresh = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not self._standing.is_over:
            self.send(waiting, now)

    def _step(self, step: ChangeStep) -> None:
        state = CHANGE_TABLE[self.state].get(step)
        if state is None:
            raise LocalProtocolError(f"{step} a re-INVITE in {self.state}")
        self._core.log_state("re-INVITE", self._standing.call_id, f"{self.state} -> {state}")
        self.state = state

    def _forget_retry(self) -> None:
        self._retry_is_due = False
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _tell_if_due(self, now: float) -> None:
        if self._retry_is_due and self.state is ChangeState.IDLE and not self._standing.is_over:
            self._retry_is_due = False
            self._report(RetryDue(), now)
