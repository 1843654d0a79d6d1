"""The first INVITE of a call, the caller's side (RFC 3261 13.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.address import Flow
from agents.sip.session import events
from agents.sip.session.dialog import Dialog
from agents.sip.session.ending import end_branch
from agents.sip.session.offer_answer import session_description
from agents.sip.session.outgoing_invite import OutgoingInvite

if TYPE_CHECKING:
    from agents.sip.message.address import Address
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.session import Session


class Calling:
    """Takes the session from CALLING to CONFIRMED or TERMINATED."""

    def __init__(self, core: Core, session: Session, flow: Flow, request: Request) -> None:
        self.invite = OutgoingInvite(core, request, flow, self)
        self._core = core
        self._session = session

    @property
    def local(self) -> Address:
        """Where ACKs leave from."""
        return self._session.local

    def next_cseq(self) -> int:
        """8.1.3.5: one higher than the previous."""
        return self.invite.request.cseq.number + 1

    def lengthen(self, request: Request, response: Response) -> list[tuple[str, str]] | None:
        """After a 422 (RFC 4028 7.3)."""
        timer = self._session.timer
        return None if timer is None else timer.lengthen(request, response)

    def on_provisional(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """13.2.2.1."""
        session = self._session
        if not session.try_step("1xx"):
            return
        if session.dialog is None and response.to.tag:
            session.dialog = Dialog.as_caller(invite.request, response)
            self._core.add_dialog(session.dialog, session)
        self._core.emit(events.Provisional(session, response))

    def on_success(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """13.2.2.4: the first 2xx makes the session, every further one is another branch of a fork."""
        session = self._session
        is_cancelled = session.state == "CANCELLING"
        if not session.try_step("2xx"):
            self._end_branch(invite, response, now)
            return
        dialog = self._confirm(invite, response, now)
        session.last_response = response
        if session.timer is not None:
            session.timer.on_answered(invite.request, response, now)
        description = session_description(response)
        if description is None:
            session.offer_answer.roll_back()
        elif not is_cancelled:
            session.offer_answer.receive(description)
        if session.offer_answer.state != "PENDING":
            invite.acknowledge(dialog)
        if is_cancelled:  # 15: the 2xx was faster than the CANCEL
            session.end_with_bye("cancelled", now)
        else:
            self._core.emit(events.Established(session, response))

    def on_refused(self, invite: OutgoingInvite, status: int, response: Response | None, now: float) -> None:
        """13.2.2.2, 13.2.2.3: the early dialog ends with it."""
        session = self._session
        if not session.try_step("refused"):
            return
        session.last_response = response
        session.offer_answer.roll_back()
        if session.dialog is not None:
            self._core.end_dialog(session.dialog, now)
        self._core.emit(events.InviteRejected(session, status, response))

    def _confirm(self, invite: OutgoingInvite, response: Response, now: float) -> Dialog:
        dialog = self._session.dialog
        if dialog is not None and dialog.remote_tag == response.to.tag:
            dialog.learn_route(response)
            dialog.refresh_target(response)
            dialog.local_cseq = max(dialog.local_cseq, invite.request.cseq.number)
        else:
            if dialog is not None:  # an early dialog of a branch that did not win
                self._core.end_dialog(dialog, now)
            dialog = self._session.dialog = Dialog.as_caller(invite.request, response)
            self._core.add_dialog(dialog, self._session)
        dialog.state = "CONFIRMED"
        return dialog

    def _end_branch(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        dialog = Dialog.as_caller(invite.request, response)
        invite.acknowledge(dialog)
        flow = Flow(self.local, dialog.next_hop() or invite.flow.remote)
        end_branch(self._core, dialog, flow, invite.request, now)
