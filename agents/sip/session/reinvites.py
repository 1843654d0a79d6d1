"""Changing a session: re-INVITEs of both sides (RFC 3261 14; targets: RFC 6141 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import Body
from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError
from agents.sip.session import events
from agents.sip.session.core import contact_uri
from agents.sip.session.offer_answer import session_description
from agents.sip.session.outgoing_invite import OutgoingInvite
from agents.sip.session.received_invite import ReceivedInvite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import ClassVar

    from agents.sip.message.address import Address, Flow
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.session import Session
    from agents.sip.transaction.invite_server import InviteServer
    from agents.sip.transaction.timer import Timer

    Pairs = tuple[tuple[str, str], ...]

# 12.2.1.2, 14.1: these answers to a re-INVITE end the dialog.
_FATAL = frozenset({408, 481})


class Reinvites:
    """At most one re-INVITE at a time, in either direction (14.1)."""

    TABLE: ClassVar[dict[str, dict[str, str]]] = {
        "IDLE": {"send": "SENT", "receive": "RECEIVED"},
        "SENT": {"answered": "IDLE", "refused": "IDLE"},
        "RECEIVED": {"accept": "ANSWERED", "reject": "IDLE", "withdrawn": "IDLE"},
        "ANSWERED": {"ack": "IDLE", "no ack": "IDLE"},
    }

    def __init__(self, core: Core, session: Session) -> None:
        self.state = "IDLE"
        self.sent: OutgoingInvite | None = None
        self.received: ReceivedInvite | None = None
        self._core = core
        self._session = session
        self._contact = ""
        self._retry: Timer | None = None
        self._retry_is_due = False
        # Whether the one that is SENT only refreshes, and what the role wants to be sent after it.
        self._is_refresh = False
        self._waiting: tuple[Flow, Address | str | None, Pairs, Body | None] | None = None

    @property
    def local(self) -> Address:
        """Where ACKs leave from."""
        return self._session.local

    # -- ours ---------------------------------------------------------------------------------------------------------

    def send(
        self,
        flow: Flow,
        contact: Address | str | None,
        headers: Iterable[tuple[str, str]],
        body: Body | None,
        now: float,
    ) -> None:
        """From and to the addresses of `flow`; after a refresh that is under way (14.1)."""
        session = self._session
        dialog = session.confirmed_dialog
        if self._is_refresh and self._waiting is None:
            self._waiting = (flow, contact, tuple(headers), body)
            return
        self._step("send")
        if body is not None:
            session.offer_answer.send(body.data)
        self._contact = session.contact if contact is None else contact_uri(contact, dialog.local.uri)
        self._forget_retry()
        timer = session.timer
        extra = [("Contact", f"<{self._contact}>"), *self._core.feature_headers(has_timer=timer is not None), *headers]
        if timer is not None:
            extra += timer.request_headers()
        request = dialog.request("INVITE", self._core.new_via(flow.local), headers=extra, body=body)
        self.sent = OutgoingInvite(self._core, self._core.authorize(request, session.invite), flow, self)
        self.sent.start(now)

    def refresh(self, flow: Flow, body: Body, now: float) -> bool:
        """One that keeps the session alive and changes nothing (RFC 4028 7.4); False when another one is open."""
        if self.state != "IDLE" or self._session.offer_answer.state != "STABLE":
            return False
        if self._retry is not None or self._retry_is_due:  # the role's own is to come, and refreshes as well
            return False
        self.send(flow, None, (), body, now)
        self._is_refresh = True
        return True

    def lengthen(self, request: Request, response: Response) -> list[tuple[str, str]] | None:
        """After a 422 (RFC 4028 7.3)."""
        timer = self._session.timer
        return None if timer is None else timer.lengthen(request, response)

    def next_cseq(self) -> int:
        """8.1.3.5, and of the dialog (12.2.1.1)."""
        return self._session.confirmed_dialog.next_cseq()

    def on_provisional(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """RFC 6141 4.7: an unreliable provisional response refreshes nothing."""

    def on_success(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """The peer takes the change, and our new target."""
        session = self._session
        dialog = session.confirmed_dialog
        dialog.refresh_target(response)
        if session.is_over:  # a BYE crossed it; the ACK is owed all the same
            invite.acknowledge(dialog)
            return
        self._step("answered")
        session.local, session.peer = invite.flow
        session.contact = self._contact
        session.last_response = response
        if session.timer is not None:
            session.timer.on_answered(invite.request, response, now)
        description = session_description(response)
        if description is None:
            session.offer_answer.roll_back()
        else:
            session.offer_answer.receive(description)
        if session.offer_answer.state != "PENDING":  # else `Session.acknowledge` brings our answer
            invite.acknowledge(dialog)
        if self._is_refresh:
            self._core.emit(events.SessionRefreshed(session, response))
            self._send_waiting(now)
        else:
            self._core.emit(events.ReinviteAnswered(session, response))

    def on_refused(self, invite: OutgoingInvite, status: int, response: Response | None, now: float) -> None:
        """14.1: the session stays as it was, unless the peer does not know it or says nothing."""
        session = self._session
        if session.is_over:
            return
        self._step("refused")
        session.offer_answer.roll_back()
        session.last_response = response
        retry_at = None
        if status == 491:
            retry_at = now + self._core.ids.glare_wait(owns_call_id=session.confirmed_dialog.owns_call_id)
        if self._is_refresh and session.timer is not None:
            session.timer.on_refused(now, retry_at)
        else:
            if retry_at is not None:
                self._retry = self._core.timers.start(self, "retry", retry_at)
            self._core.emit(events.ReinviteRejected(session, status, response, retry_at))
        if status in _FATAL and session.try_step("dead"):
            session.end_with_bye(f"re-INVITE answered with {status}" if response else "re-INVITE not answered", now)
        self._send_waiting(now)

    def on_timer(self, name: str, now: float) -> None:
        """The time after a 491 is over; while the peer's re-INVITE is open, ours waits for its end too."""
        self._retry = None
        self._retry_is_due = True
        self._tell_if_due()

    # -- the peer's ---------------------------------------------------------------------------------------------------

    def receive(self, request: Request, transaction: InviteServer, now: float) -> None:
        """A re-INVITE in order; raises `RemoteProtocolError` when it comes at a wrong time (14.2)."""
        session = self._session
        if self.state == "SENT" or (self.state != "RECEIVED" and session.offer_answer.state != "STABLE"):
            raise RemoteProtocolError("our own INVITE is in progress", status_hint=491)
        if self.state == "RECEIVED":
            wait = str(self._core.ids.retry_after())
            raise RemoteProtocolError("an INVITE is in progress", status_hint=500, headers=[("Retry-After", wait)])
        if self.received is not None:
            # RFC 5407 3.1.5: the ACK was overtaken or lost; the next INVITE says as much as it.
            self.received.on_ack(request, now)
        if description := session_description(request):
            session.offer_answer.receive(description)
        self._step("receive")
        self.received = ReceivedInvite(self._core, transaction, None, self)
        self._core.emit(events.ReinviteReceived(session, request))

    def accept(
        self, body: bytes, contact: Address | str | None, headers: Iterable[tuple[str, str]], now: float
    ) -> None:
        """200: now the peer's new target counts (RFC 6141 4.6)."""
        session, received = self._session, self._open("accept")
        dialog = session.confirmed_dialog
        if contact is not None:
            session.contact = contact_uri(contact, dialog.local.uri)
        extra = [*session.accept_headers(received.request, (), now), *headers]
        session.offer_answer.send(body)
        self._step("accept")
        dialog.refresh_target(received.request)
        session.last_response = received.accept(extra, Body(body), now)

    def reject(self, status: int, reason: str | None, headers: Iterable[tuple[str, str]], now: float) -> None:
        """300 … 699: nothing changes."""
        received = self._open("reject")
        self._step("reject")
        self._session.offer_answer.roll_back()
        received.reject(status, reason, headers, now)
        self._tell_if_due()

    def on_acked(self, invite: ReceivedInvite, ack: Request, now: float) -> None:
        """The change is complete on both sides."""
        self._step("ack")
        if self._session.is_over:
            return
        self._session.offer_answer.take_ack(ack)
        self._core.emit(events.ReinviteConfirmed(self._session, ack))
        self._tell_if_due()

    def on_no_ack(self, invite: ReceivedInvite, now: float) -> None:
        """14.2: SHOULD generate a BYE."""
        self._step("no ack")
        if self._session.try_step("dead"):
            self._session.end_with_bye("no ACK for a re-INVITE", now)

    def on_withdrawn(self, invite: ReceivedInvite, reason: str, now: float) -> None:
        """CANCEL or Expires: the session goes on as it was."""
        self._step("withdrawn")
        self._session.offer_answer.roll_back()
        self._core.emit(events.ReinviteCancelled(self._session))
        self._tell_if_due()

    def stop(self, now: float) -> None:
        """The session is over: 487 for what is open (15.1.2), no more 2xx, no more waiting."""
        self._forget_retry()
        if self.state == "RECEIVED":
            self._step("withdrawn")
        if self.received is not None:
            self.received.close(now)

    def _send_waiting(self, now: float) -> None:
        """What the role wanted while a refresh was under way."""
        self._is_refresh = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not self._session.is_over:
            self.send(*waiting, now)

    def _open(self, what: str) -> ReceivedInvite:
        if self.state != "RECEIVED" or self.received is None:
            raise LocalProtocolError(f"{what} with no re-INVITE of the peer open")
        return self.received

    def _step(self, event: str) -> None:
        state = self.TABLE[self.state].get(event)
        if state is None:
            raise LocalProtocolError(f"{event} a re-INVITE in {self.state}")
        self._core.log_state("re-INVITE", self._session.call_id, f"{self.state} -> {state}")
        self.state = state

    def _forget_retry(self) -> None:
        self._retry_is_due = False
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _tell_if_due(self) -> None:
        if self._retry_is_due and self.state == "IDLE" and not self._session.is_over:
            self._retry_is_due = False
            self._core.emit(events.ReinviteDue(self._session))
