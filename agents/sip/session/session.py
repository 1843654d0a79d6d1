"""A call as its role sees it (RFC 3261 13, 14, 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.build import Body
from agents.sip.message.errors import LocalProtocolError
from agents.sip.session.core import contact_uri
from agents.sip.session.dialog import Dialog, DialogState
from agents.sip.session.offer_answer import session_description
from agents.sip.session.outgoing_invite import Calling
from agents.sip.session.received_invite import ReceivedInvite
from agents.sip.session.reinvites import ChangeWanted
from agents.sip.session.standing import CallState, CallStep
from agents.sip.session.usage import InviteUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from agents.sip.message.address import Address, Flow
    from agents.sip.message.message import Request
    from agents.sip.session.abilities import SessionInterval
    from agents.sip.session.dialog import Directory
    from agents.sip.transaction.invite_server import InviteServer


class Session(InviteUsage):
    """One call, seen from one end. Made by `UserAgent.invite`, or found in an `IncomingInvite`; here are its commands.

    A command that does not fit its state raises `LocalProtocolError`.
    """

    @classmethod
    def call(
        cls,
        directory: Directory[Session],
        flow: Flow,
        invite: Request,
        contact: str,
        now: float,
        interval: SessionInterval | None = None,
    ) -> Session:
        """The caller's side; sends the INVITE."""
        session = cls(directory, flow, invite, contact, interval)
        if session.timer is not None:
            for name, value in session.timer.request_headers():
                invite.headers.add(name, value)
        if description := session_description(invite):
            session.offer_answer.send(description)
        session._calling = Calling(directory.core, session, flow, invite, session._apply)
        session._step(CallStep.CALL)
        session._calling.invite.start(now)
        return session

    @classmethod
    def answer(
        cls, directory: Directory[Session], flow: Flow, transaction: InviteServer, user: str, now: float
    ) -> Session:
        """The callee's side, of an INVITE that passed the checks; `user` sent it, "" for nobody in particular."""
        invite, core = transaction.request, directory.core
        dialog = Dialog.as_callee(invite, core.ids.tag())
        session = cls(directory, flow, invite, contact_uri(flow.local, dialog.local.uri), user=user)
        session.dialog = dialog
        if description := session_description(invite):
            session.offer_answer.receive(description)
        session._called = ReceivedInvite(core, transaction, dialog.local_tag, session._apply)
        session._called.watch_expiry(now)
        directory.add(dialog, session)
        session._step(CallStep.INVITED)
        return session

    @property
    def is_caller(self) -> bool:
        """Whether we made the call."""
        return self._calling is not None

    # -- commands of the called side ----------------------------------------------------------------------------------

    def ring(
        self, *, now: float, status: int = 180, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> None:
        """A provisional response, 180 or 183. Its body is not the answer yet (13.2.1); the 2xx must repeat it."""
        self._step(CallStep.RING)
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
        if self.state not in {CallState.INCOMING, CallState.RINGING}:
            raise LocalProtocolError(f"accept in {self.state}")
        if contact is not None:
            self.contact = contact_uri(contact, self.confirmed_dialog.local.uri)
        extra = self._agree(self.invite, body, require, now)
        self._step(CallStep.ACCEPT)
        self.confirmed_dialog.state = DialogState.CONFIRMED
        self.last_response = self._incoming.accept([*extra, *headers], as_body(body), now)

    def reject(
        self, status: int, *, now: float, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """300 … 699."""
        if status < 300:
            raise LocalProtocolError(f"{status} is no rejection")
        self._step(CallStep.REJECT)
        self.last_response = self._incoming.reject(status, reason, headers, now)
        self._over(f"rejected with {status}", "local", now)

    # -- commands of the calling side ---------------------------------------------------------------------------------

    def cancel(self, *, now: float) -> None:
        """Give the call up before it is answered (9.1)."""
        self._step(CallStep.CANCEL)
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
        if self.state is not CallState.CONFIRMED or self._unacknowledged is not None:
            raise LocalProtocolError(f"re-INVITE in {self.state}, or before the ACK for the last INVITE")
        change = ChangeWanted(self._flow(local, remote), contact, tuple(headers), as_body(body))
        self._reinvites.send(change, now)

    @property
    def flow(self) -> Flow:
        """From where and to where a request in this session goes now."""
        return self._flow(None, None)

    def hold_refresh(self) -> None:
        """No re-INVITE of the session timer's until `resume_refresh`: while a handover is under way (glare)."""
        if self.timer is not None:
            self.timer.hold()

    def resume_refresh(self, *, now: float) -> None:
        """The session timer may refresh again, and does so at once if that was due."""
        if self.timer is not None and not self.is_over:
            self.timer.resume(now)

    def let_refresh(self, *, may: bool, now: float) -> None:
        """Hold the session timer's re-INVITEs back, or not; said again, it changes nothing."""
        if may:
            self.resume_refresh(now=now)
        else:
            self.hold_refresh()

    def accept_reinvite(
        self,
        body: bytes,
        *,
        now: float,
        contact: Address | str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """200 OK to the peer's re-INVITE."""
        request = self._reinvites.open("accept").request
        dialog = self.confirmed_dialog
        if contact is not None:
            self.contact = contact_uri(contact, dialog.local.uri)
        extra = self._agree(request, body, (), now)
        dialog.refresh_target(request)  # now the peer's new target counts (RFC 6141 4.6)
        self.last_response = self._reinvites.accept([*extra, *headers], Body(body), now)

    def reject_reinvite(
        self, status: int, *, now: float, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """300 … 699 to the peer's re-INVITE: nothing changes (14.2)."""
        self._reinvites.reject(status, reason, headers, now)
        self.offer_answer.roll_back()

    def bye(
        self,
        *,
        now: float,
        local: Address | None = None,
        remote: Address | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """End the call, from any address of ours; again, over another link, while the first BYE has no answer."""
        self._hang_up(self._flow(local, remote), headers, now)

    def hang_up(self, *, now: float) -> None:
        """End the call in whatever way its state asks for."""
        if self.state in {CallState.CALLING, CallState.EARLY}:
            self.cancel(now=now)
        elif self.state in {CallState.INCOMING, CallState.RINGING}:
            self.reject(603, now=now)
        elif self.state in {CallState.ACCEPTED, CallState.CONFIRMED}:
            self.bye(now=now)

    def use(self, local: Address) -> None:
        """Send what comes next, ACKs that are repeated too, from this address of ours."""
        self.local = local

    @property
    def _incoming(self) -> ReceivedInvite:
        if self._called is None:
            raise LocalProtocolError("we made this call")
        return self._called


def as_body(description: bytes | None) -> Body | None:
    """A session description as a message body."""
    return None if description is None else Body(description)
