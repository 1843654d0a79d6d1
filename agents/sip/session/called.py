"""The first INVITE of a call, the callee's side (RFC 3261 13.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.session import events
from agents.sip.session.received_invite import ReceivedInvite

if TYPE_CHECKING:
    from agents.sip.message.message import Request
    from agents.sip.session.core import Core
    from agents.sip.session.session import Session
    from agents.sip.transaction.invite_server import InviteServer


class Called:
    """Takes the session from INCOMING to CONFIRMED or TERMINATED."""

    def __init__(self, core: Core, session: Session, transaction: InviteServer) -> None:
        self.invite = ReceivedInvite(core, transaction, session.confirmed_dialog.local_tag, self)
        self.bye_is_due = False
        self._core = core
        self._session = session

    def on_acked(self, invite: ReceivedInvite, ack: Request, now: float) -> None:
        """The three-way handshake is complete."""
        session = self._session
        if session.try_step("ack"):
            session.offer_answer.take_ack(ack)
            self._core.emit(events.Confirmed(session, ack))
            if self.bye_is_due:
                session.bye(now=now)

    def on_no_ack(self, invite: ReceivedInvite, now: float) -> None:
        """13.3.1.4: the dialog is confirmed all the same, and the session ends with BYE."""
        if self._session.try_step("no ack"):
            self._session.end_with_bye("no ACK", now)

    def on_withdrawn(self, invite: ReceivedInvite, reason: str, now: float) -> None:
        """CANCEL (9.2) or Expires (13.3.1)."""
        if self._session.try_step("withdrawn"):
            self._session.over(reason, "remote", now)
