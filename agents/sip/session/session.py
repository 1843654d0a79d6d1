"""A call: the INVITE usage of a dialog (RFC 3261 13, 14, 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.address import Flow
from agents.sip.message.build import Body
from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError
from agents.sip.session import events
from agents.sip.session.called import Called
from agents.sip.session.calling import Calling
from agents.sip.session.core import contact_uri
from agents.sip.session.dialog import Dialog
from agents.sip.session.ending import Ending
from agents.sip.session.offer_answer import OfferAnswer, session_description
from agents.sip.session.refresh import SessionTimer
from agents.sip.session.reinvites import Reinvites
from agents.sip.session.states import SESSION_TABLE
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.noninvite_server import NonInviteServer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agents.sip.message.address import Address
    from agents.sip.message.message import Request, Response
    from agents.sip.session.abilities import SessionInterval
    from agents.sip.session.core import Core
    from agents.sip.session.outgoing_invite import OutgoingInvite
    from agents.sip.session.received_invite import ReceivedInvite


class Session:
    """One call, seen from one end. Made by `UserAgent.invite`, or found in an `IncomingInvite`.

    `local` is the address that its requests leave from; `peer` is where they go when neither a Route nor a Contact
    with an IP address says so; `contact` is the URI at which the peer reaches us. `last_response` is the last final
    response of either side to an INVITE of this call.
    """

    def __init__(
        self, core: Core, flow: Flow, invite: Request, contact: str, interval: SessionInterval | None = None
    ) -> None:
        self.local, self.peer = flow
        self.contact = contact
        self.dialog: Dialog | None = None
        self.last_response: Response | None = None
        self.offer_answer = OfferAnswer()
        self.state = ""
        #: Who the peer has proved to be, if the role has asked (RFC 3891 3 wants it for a Handover).
        self.user = ""
        self._core = core
        self._first_invite = invite
        self._calling: Calling | None = None
        self._called: Called | None = None
        self._reinvites = Reinvites(core, self)
        self._ending = Ending(core, self)
        self._is_told = False
        interval = interval or core.abilities.session_interval
        self.timer = None if interval is None else SessionTimer(core, self, interval)

    def __repr__(self) -> str:
        return f"<Session {self.call_id} {self.state}>"

    @classmethod
    def call(
        cls, core: Core, flow: Flow, invite: Request, contact: str, now: float, interval: SessionInterval | None = None
    ) -> Session:
        """The caller's side; sends the INVITE."""
        session = cls(core, flow, invite, contact, interval)
        if session.timer is not None:
            for name, value in session.timer.request_headers():
                invite.headers.add(name, value)
        if description := session_description(invite):
            session.offer_answer.send(description)
        session._calling = Calling(core, session, flow, invite)
        session._set_state("CALLING")
        session._calling.invite.start(now)
        return session

    @classmethod
    def answer(cls, core: Core, flow: Flow, transaction: InviteServer, now: float) -> Session:
        """The callee's side, of an INVITE that passed the checks."""
        invite = transaction.request
        dialog = Dialog.as_callee(invite, core.ids.tag())
        session = cls(core, flow, invite, contact_uri(flow.local, dialog.local.uri))
        session.dialog = dialog
        if description := session_description(invite):
            session.offer_answer.receive(description)
        session._called = Called(core, session, transaction)
        session._called.invite.watch_expiry(now)
        core.add_dialog(dialog, session)
        session._set_state("INCOMING")
        return session

    # -- what a role may look at ------------------------------------------------------------------------------------

    @property
    def invite(self) -> Request:
        """The first INVITE, as it was sent last: an answer to a challenge is another one."""
        return self._calling.invite.request if self._calling is not None else self._first_invite

    @property
    def call_id(self) -> str:
        """Of the first INVITE."""
        return self.invite.call_id

    @property
    def is_caller(self) -> bool:
        """Whether we made the call."""
        return self._calling is not None

    @property
    def remote_sdp(self) -> bytes | None:
        """The peer's open offer, or its part of the last exchange."""
        return self.offer_answer.remote_latest

    @property
    def local_sdp(self) -> bytes | None:
        """Our part of the last completed exchange."""
        return self.offer_answer.local

    @property
    def is_over(self) -> bool:
        """Whether there is no call any more (a BYE may still wait for its answer)."""
        return self.state in {"ENDING", "TERMINATED"}

    @property
    def confirmed_dialog(self) -> Dialog:
        """The dialog; raises `LocalProtocolError` while there is none."""
        if self.dialog is None:
            raise LocalProtocolError(f"no dialog in {self.state}")
        return self.dialog

    # -- commands of the called side ----------------------------------------------------------------------------------

    def ring(
        self, *, now: float, status: int = 180, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> None:
        """A provisional response, 180 or 183. Its body is not the answer yet (13.2.1); the 2xx must repeat it."""
        self._step("ring")
        self._incoming.provide(status, [("Contact", f"<{self.contact}>"), *headers], as_body(body), now)

    def accept(
        self,
        body: bytes,
        *,
        now: float,
        contact: Address | str | None = None,
        require: Sequence[str] = (),
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """200 OK. `body` answers the offer of the INVITE, or is the offer if it had none (13.3.1.4).

        `require` names the extensions that are applied: the caller must have listed them in Supported (8.2.4).
        """
        if self.state not in {"INCOMING", "RINGING"}:
            raise LocalProtocolError(f"accept in {self.state}")
        if contact is not None:
            self.contact = contact_uri(contact, self.confirmed_dialog.local.uri)
        extra = self.accept_headers(self.invite, require, now)
        self.offer_answer.send(body)
        self._step("accept")
        self.confirmed_dialog.state = "CONFIRMED"
        self.last_response = self._incoming.accept([*extra, *headers], as_body(body), now)

    def reject(
        self, status: int, *, now: float, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """300 … 699."""
        if status < 300:
            raise LocalProtocolError(f"{status} is no rejection")
        self._step("reject")
        self.last_response = self._incoming.reject(status, reason, headers, now)
        self.over(f"rejected with {status}", "local", now)

    # -- commands of the calling side ---------------------------------------------------------------------------------

    def cancel(self, *, now: float) -> None:
        """Give the call up before it is answered (9.1)."""
        self._step("cancel")
        if self._calling is not None:
            self._calling.invite.cancel(now)

    # -- commands of both ---------------------------------------------------------------------------------------------

    def acknowledge(self, body: bytes, *, now: float) -> None:
        """The ACK with our answer, where the 2xx to our INVITE without an offer had one (13.2.2.4)."""
        invite = self._unacknowledged
        if invite is None:
            raise LocalProtocolError("no 2xx waits for an ACK")
        self.offer_answer.send(body)
        invite.acknowledge(self.confirmed_dialog, as_body(body))

    def reinvite(
        self,
        body: bytes | None,
        *,
        now: float,
        local: Address | None = None,
        remote: Address | None = None,
        contact: Address | str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Change the session or our target (14.1), from any address of ours; without `body` the peer makes the offer.

        `local` becomes the address of the session when the peer accepts, and `contact` its Contact.
        """
        if self.state != "CONFIRMED" or self._unacknowledged is not None:
            raise LocalProtocolError(f"re-INVITE in {self.state}, or before the ACK for the last INVITE")
        self._reinvites.send(self._flow(local, remote), contact, headers, as_body(body), now)

    def hold_refresh(self) -> None:
        """No re-INVITE of the session timer's until `resume_refresh`: while a handover is under way (glare)."""
        if self.timer is not None:
            self.timer.hold()

    def resume_refresh(self, *, now: float) -> None:
        """The session timer may refresh again, and does so at once if that was due."""
        if self.timer is not None and not self.is_over:
            self.timer.resume(now)

    def accept_reinvite(
        self,
        body: bytes,
        *,
        now: float,
        contact: Address | str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """200 OK to the peer's re-INVITE."""
        self._reinvites.accept(body, contact, headers, now)

    def reject_reinvite(
        self, status: int, *, now: float, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """300 … 699 to the peer's re-INVITE: nothing changes (14.2)."""
        self._reinvites.reject(status, reason, headers, now)

    def bye(
        self,
        *,
        now: float,
        local: Address | None = None,
        remote: Address | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """End the call, from any address of ours; again, over another link, while the first BYE has no answer."""
        self._step("bye")
        if self.state == "ACCEPTED" and self._called is not None:
            self._called.bye_is_due = True
            return
        if (invite := self._unacknowledged) is not None:  # 13.2.2.4: the ACK is owed in any case
            self.offer_answer.roll_back()
            invite.acknowledge(self.confirmed_dialog)
        self._ending.send(self._flow(local, remote), headers, now)
        self.over("hung up", "local", now)

    def hang_up(self, *, now: float) -> None:
        """End the call in whatever way its state asks for."""
        if self.state in {"CALLING", "EARLY"}:
            self.cancel(now=now)
        elif self.state in {"INCOMING", "RINGING"}:
            self.reject(603, now=now)
        elif self.state in {"ACCEPTED", "CONFIRMED"}:
            self.bye(now=now)

    def use(self, local: Address) -> None:
        """Send what comes next, ACKs that are repeated too, from this address of ours."""
        self.local = local

    # -- for the parts of a session ---------------------------------------------------------------------------------

    def receive(self, request: Request, transaction: InviteServer | NonInviteServer, now: float) -> bool:
        """A request in the dialog, past the general checks; False when it is of a method that is not about the call.

        Raises `RemoteProtocolError` with what to answer.
        """
        if not self.confirmed_dialog.is_in_order(request):  # 12.2.2
            raise RemoteProtocolError("CSeq out of order", status_hint=500)
        if isinstance(transaction, NonInviteServer) and request.method == "BYE":
            self._ending.receive(request, transaction, now)
        elif isinstance(transaction, InviteServer):
            self._receive_reinvite(request, transaction, now)
        else:
            return False
        return True

    def receive_ack(self, ack: Request, now: float) -> bool:
        """An ACK for a 2xx of ours; False when there is none with this number."""
        first = self._called.invite if self._called is not None else None
        for invite in (self._reinvites.received, first):
            if invite is not None and invite.is_accepted and invite.request.cseq.number == ack.cseq.number:
                invite.on_ack(ack, now)
                return True
        return False

    def refresh(self, now: float) -> bool:
        """A re-INVITE that changes nothing (RFC 4028 7.4); False when there is no room for it now."""
        if self.state != "CONFIRMED" or self._unacknowledged is not None or self.local_sdp is None:
            return False
        return self._reinvites.refresh(self._flow(None, None), Body(self.local_sdp), now)

    def accept_headers(self, request: Request, require: Sequence[str], now: float) -> list[tuple[str, str]]:
        """Of a 2xx to an INVITE of the peer."""
        if self.timer is None:
            return self._core.answer_headers(request, self.contact, require)
        headers, tags = self.timer.accept(request, now)
        return [*self._core.answer_headers(request, self.contact, (*require, *tags), has_timer=True), *headers]

    def try_step(self, event: str) -> bool:
        """Move to the next state; False when the event means nothing in this one."""
        state = SESSION_TABLE[self.state].get(event)
        if state is None:
            return False
        if state != self.state:
            self._set_state(state)
        return True

    def end_with_bye(self, reason: str, now: float) -> None:
        """Say BYE for a reason of our own, in ENDING."""
        self._ending.send(self._flow(None, None), (), now)
        self.over(reason, "local", now)

    def over(self, reason: str, by: str, now: float) -> None:
        """No more media: tell the role once, and stop what runs."""
        if self._is_told:
            return
        self._is_told = True
        self._reinvites.stop(now)
        if self.timer is not None:
            self.timer.stop()
        if self._called is not None:
            self._called.invite.close(now)
        if self._calling is not None:
            self._calling.invite.cancel(now)
        if self.state == "TERMINATED" and self.dialog is not None:
            self._core.end_dialog(self.dialog, now)
        self._core.emit(events.SessionTerminated(self, reason, by))

    def _receive_reinvite(self, request: Request, transaction: InviteServer, now: float) -> None:
        if self.state in {"CALLING", "EARLY", "CANCELLING"}:  # 14.2
            raise RemoteProtocolError("our own INVITE is in progress", status_hint=491)
        if self.state in {"INCOMING", "RINGING"}:
            wait = str(self._core.ids.retry_after())
            raise RemoteProtocolError("an INVITE is in progress", status_hint=500, headers=[("Retry-After", wait)])
        if self.is_over:
            raise RemoteProtocolError("the session is over", status_hint=481)
        if self.state == "ACCEPTED" and self._called is not None and self.offer_answer.state != "OFFERED":
            self._called.invite.on_ack(request, now)  # RFC 5407 3.1.5, see Reinvites.receive
        self._reinvites.receive(request, transaction, now)

    @property
    def _unacknowledged(self) -> OutgoingInvite | None:
        """An INVITE of ours without an offer, whose 2xx had one that the role has not answered yet."""
        first = self._calling.invite if self._calling is not None else None
        return next((invite for invite in (first, self._reinvites.sent) if invite and invite.owes_ack), None)

    @property
    def _incoming(self) -> ReceivedInvite:
        if self._called is None:
            raise LocalProtocolError("we made this call")
        return self._called.invite

    def _flow(self, local: Address | None, remote: Address | None) -> Flow:
        """From where and to where a request goes: the caller's word, the route, or where the peer last was."""
        return Flow(local or self.local, remote or self.confirmed_dialog.next_hop() or self.peer)

    def _step(self, command: str) -> None:
        if not self.try_step(command):
            raise LocalProtocolError(f"{command} in {self.state}")

    def _set_state(self, state: str) -> None:
        change = f"{self.state} -> {state}" if self.state else state
        self.state = state
        self._core.log_state("session", self.call_id, change)


def as_body(description: bytes | None) -> Body | None:
    """A session description as a message body."""
    return None if description is None else Body(description)
