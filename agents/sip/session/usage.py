"""The INVITE usage of a dialog (RFC 5057 3.1): what becomes of a call, by what its parts report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.sip.message.address import Flow
from agents.sip.message.build import Body, new_response
from agents.sip.message.errors import LocalProtocolError, RemoteProtocolError
from agents.sip.session import outcomes
from agents.sip.session.ending import Ending
from agents.sip.session.offer_answer import OfferState, session_description
from agents.sip.session.refresh import SessionTimer
from agents.sip.session.reinvites import Reinvites
from agents.sip.session.standing import CallState, CallStep, Standing
from agents.sip.transaction.invite_server import InviteServer
from agents.sip.transaction.noninvite_server import NonInviteServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import ClassVar, Self

    from agents.sip.message.address import Address
    from agents.sip.message.message import Request, Response
    from agents.sip.session.abilities import SessionInterval
    from agents.sip.session.dialog import Dialog, Directory
    from agents.sip.session.outgoing_invite import Calling, OutgoingInvite
    from agents.sip.session.received_invite import ReceivedInvite

# 12.2.1.2, 14.1: these answers to a re-INVITE end the dialog.
_FATAL = frozenset({408, 481})


class InviteUsage(Standing):
    """Its parts see INVITEs, BYEs and timers through and report what happened; here is what that changes: `APPLIED`."""

    def __init__(
        self,
        directory: Directory[Self],
        flow: Flow,
        invite: Request,
        contact: str,
        interval: SessionInterval | None = None,
        user: str = "",
    ) -> None:
        core = directory.core
        super().__init__(core, flow, invite, contact, user)
        self._directory = directory
        self._calling: Calling | None = None
        self._called: ReceivedInvite | None = None
        self._reinvites = Reinvites(core, self, self._apply)
        self._ending = Ending(core, self, self._apply)
        self._bye_is_due = False
        self._is_told = False
        interval = interval or core.abilities.session_interval
        self.timer = None if interval is None else SessionTimer(core, self.call_id, interval, self._apply)

    @property
    def invite(self) -> Request:
        """The first INVITE, as it was sent last: an answer to a challenge is another one."""
        return self._calling.invite.request if self._calling is not None else self._first_invite

    def refresh(self, *, now: float) -> bool:
        """A re-INVITE that changes nothing, and shows where it comes from; False where none may be sent now."""
        may = self.state is CallState.CONFIRMED and self._unacknowledged is None and self.local_sdp is not None
        return may and self._reinvites.refresh(self._flow(None, None), Body(self.local_sdp or b""), now)

    # -- what arrives -------------------------------------------------------------------------------------------------

    def receive(self, request: Request, transaction: InviteServer | NonInviteServer, now: float) -> bool:
        """A request in the dialog, past the general checks; False when it is of a method that is not about the call.

        Raises `RemoteProtocolError` with what to answer.
        """
        if not self.confirmed_dialog.is_in_order(request):  # 12.2.2
            raise RemoteProtocolError("CSeq out of order", status_hint=500)
        if isinstance(transaction, NonInviteServer) and request.method == "BYE":
            transaction.respond(new_response(request, 200), now)  # whatever our state is (15.1.2)
            if self._try_step(CallStep.BYE_RECEIVED):
                self._over("the peer hung up", "remote", now)
        elif isinstance(transaction, InviteServer):
            self._receive_reinvite(request, transaction, now)
        else:
            return False
        return True

    def invite_of(self, ack: Request) -> ReceivedInvite | None:
        """The INVITE of the peer's that we have accepted and that has this number."""
        for invite in (self._reinvites.received, self._called):
            if invite is not None and invite.is_accepted and invite.request.cseq.number == ack.cseq.number:
                return invite
        return None

    def has_refused(self, ack: Request) -> bool:
        """Whether it is for an INVITE that was refused before it came here: all that did come have their numbers."""
        highest = self.confirmed_dialog.remote_cseq
        return highest is None or ack.cseq.number > highest

    def receive_ack(self, ack: Request, now: float) -> bool:
        """An ACK for a 2xx of ours; False when there is none with this number."""
        invite = self.invite_of(ack)
        if invite is not None:
            invite.on_ack(ack, now)
        return invite is not None

    def _receive_reinvite(self, request: Request, transaction: InviteServer, now: float) -> None:
        if self.state in {CallState.CALLING, CallState.EARLY, CallState.CANCELLING}:  # 14.2
            raise RemoteProtocolError("our own INVITE is in progress", status_hint=491)
        if self.state in {CallState.INCOMING, CallState.RINGING}:
            wait = str(self._core.ids.retry_after())
            raise RemoteProtocolError("an INVITE is in progress", status_hint=500, headers=[("Retry-After", wait)])
        if self.is_over:
            raise RemoteProtocolError("the session is over", status_hint=481)
        is_offered = self.offer_answer.state is OfferState.OFFERED
        if self.state is CallState.ACCEPTED and self._called is not None and not is_offered:
            self._called.on_ack(request, now)  # RFC 5407 3.1.5, see Reinvites.receive
        self._reinvites.receive(request, transaction, now)

    # -- what the parts report ----------------------------------------------------------------------------------------

    def _apply(self, outcome: outcomes.Outcome, now: float) -> None:
        self.APPLIED[type(outcome)](self, outcome, now)

    def _tell(self: Self, outcome: outcomes.Told, now: float) -> None:
        self._directory.tell(self, outcome)

    def _progress(self, progress: outcomes.Proceeding, now: float) -> None:
        if not self._try_step(CallStep.PROVISIONAL):
            return
        if self.dialog is None and self._calling is not None and progress.response.to.tag:
            self._take_dialog(self._calling.dialog_of(progress.response), now)
        self._tell(progress, now)

    def _answered(self, answered: outcomes.Answered, now: float) -> None:
        """The first 2xx makes the session, every further one is another branch of a fork (13.2.2.4)."""
        calling, response = self._calling, answered.response
        if calling is None:
            return
        is_cancelled = self.state is CallState.CANCELLING
        if not self._try_step(CallStep.SUCCESS):
            calling.end_branch(response, now)
            return
        self._take_dialog(calling.confirm(self.dialog, response), now)
        self.keep_alive_s = response.via.keep_alive_s
        self._conclude(calling.invite, response, now, is_wanted=not is_cancelled)
        if is_cancelled:  # 15: the 2xx was faster than the CANCEL
            self._end_with_bye("cancelled", now)
        else:
            self._tell(answered, now)

    def _rejected(self, rejected: outcomes.Rejected, now: float) -> None:
        """13.2.2.2, 13.2.2.3: the early dialog ends with it."""
        if not self._try_step(CallStep.REFUSED):
            return
        self.last_response = rejected.response
        self.offer_answer.roll_back()
        if self.dialog is not None:
            self._directory.end(self.dialog, now)
        self._tell(rejected, now)

    def _acked(self, acked: outcomes.Acked, now: float) -> None:
        """The three-way handshake is complete."""
        if self._try_step(CallStep.ACK):
            self.offer_answer.take_ack(acked.ack)
            self._tell(acked, now)
            if self._bye_is_due:
                self._hang_up(self._flow(None, None), (), now)

    def _not_acked(self, _: outcomes.NotAcked, now: float) -> None:
        """13.3.1.4: the dialog is confirmed all the same, and the session ends with BYE."""
        if self._try_step(CallStep.NO_ACK):
            self._end_with_bye("no ACK", now)

    def _withdrawn(self, withdrawn: outcomes.Withdrawn, now: float) -> None:
        """CANCEL (9.2) or Expires (13.3.1)."""
        if self._try_step(CallStep.WITHDRAWN):
            self._over(withdrawn.reason, "remote", now)

    def _moved(self, moved: outcomes.Moved, now: float) -> None:
        dialog, invite = self.confirmed_dialog, self._reinvites.sent
        if invite is None:
            return
        dialog.refresh_target(moved.response)
        if self.is_over:  # a BYE crossed it; the ACK is owed all the same
            invite.acknowledge(dialog)
            return
        self.local, self.peer = moved.flow
        self.contact = moved.contact
        self._conclude(invite, moved.response, now)
        self._tell(moved, now)

    def _not_moved(self, refusal: outcomes.NotMoved, now: float) -> None:
        """14.1: the session stays as it was, unless the peer does not know it or says nothing."""
        status, response, retry_at, is_refresh = refusal
        self.offer_answer.roll_back()
        self.last_response = response
        if is_refresh and self.timer is not None:
            self.timer.on_refused(now, retry_at)
        else:
            self._tell(refusal, now)
        if status in _FATAL:
            self._give_up(f"re-INVITE answered with {status}" if response else "re-INVITE not answered", now)

    def _change_asked(self, asked: outcomes.ChangeAsked, now: float) -> None:
        if description := session_description(asked.request):
            self.offer_answer.receive(description)
        self._tell(asked, now)

    def _change_acked(self, acked: outcomes.ChangeAcked, now: float) -> None:
        if not self.is_over:
            self.offer_answer.take_ack(acked.ack)
            self._tell(acked, now)

    def _change_not_acked(self, _: outcomes.ChangeNotAcked, now: float) -> None:
        """14.2: SHOULD generate a BYE."""
        self._give_up("no ACK for a re-INVITE", now)

    def _change_withdrawn(self, withdrawn: outcomes.ChangeWithdrawn, now: float) -> None:
        """The session goes on as it was."""
        self.offer_answer.roll_back()
        self._tell(withdrawn, now)

    def _refresh_due(self, _: outcomes.RefreshDue, now: float) -> None:
        """A re-INVITE that changes nothing (RFC 4028 7.4); if one is under way, that refreshes too when accepted."""
        if self.refresh(now=now):
            return
        if self.timer is not None:
            self.timer.on_refused(now, None)

    def _expired(self, _: outcomes.Expired, now: float) -> None:
        self._give_up("session expired", now)
        if not self.is_over:  # 15: no BYE before the ACK
            self._hang_up(self._flow(None, None), (), now)

    def _bye_done(self, done: outcomes.ByeDone, now: float) -> None:
        self._tell(done, now)
        if done.ends_dialog and self._try_step(CallStep.BYE_DONE):
            self._directory.end(self.confirmed_dialog, now)

    #: What each report changes.
    APPLIED: ClassVar[dict[type, Callable[[InviteUsage, Any, float], None]]] = {
        outcomes.Proceeding: _progress,
        outcomes.Answered: _answered,
        outcomes.Rejected: _rejected,
        outcomes.Acked: _acked,
        outcomes.NotAcked: _not_acked,
        outcomes.Withdrawn: _withdrawn,
        outcomes.Moved: _moved,
        outcomes.NotMoved: _not_moved,
        outcomes.RetryDue: _tell,
        outcomes.ChangeAsked: _change_asked,
        outcomes.ChangeAcked: _change_acked,
        outcomes.ChangeNotAcked: _change_not_acked,
        outcomes.ChangeWithdrawn: _change_withdrawn,
        outcomes.RefreshDue: _refresh_due,
        outcomes.Expired: _expired,
        outcomes.ByeDone: _bye_done,
    }

    # -- steps that several of these take -----------------------------------------------------------------------------

    def _take_dialog(self: Self, dialog: Dialog, now: float) -> None:
        """The call's, instead of an early one of a branch that did not win."""
        if dialog is self.dialog:
            return
        if self.dialog is not None:
            self._directory.end(self.dialog, now)
        self.dialog = dialog
        self._directory.add(dialog, self)

    def _conclude(self, invite: OutgoingInvite, response: Response, now: float, *, is_wanted: bool = True) -> None:
        """The peer accepted an INVITE of ours: its interval and its description count; ACK (13.2.2.4)."""
        self.last_response = response
        if self.timer is not None:
            self.timer.on_answered(invite.request, response, now)
        description = session_description(response)
        if description is None:
            self.offer_answer.roll_back()
        elif is_wanted:
            self.offer_answer.receive(description)
        if self.offer_answer.state is not OfferState.PENDING:  # else `acknowledge` brings our answer
            invite.acknowledge(self.confirmed_dialog)

    def _agree(self, request: Request, body: bytes, require: Sequence[str], now: float) -> list[tuple[str, str]]:
        """Accept an INVITE of the peer's with our description; the headers of the 2xx.

        Raises `LocalProtocolError` before anything has changed: for an extension that the request does not list in
        Supported (8.2.4), and when it is not our turn to describe anything.
        """
        known = request.tags("supported")
        if missing := [tag for tag in require if tag not in known]:
            raise LocalProtocolError(f"8.2.4: the request does not list {', '.join(missing)} in Supported")
        self.offer_answer.send(body)
        if self.timer is None:
            return self._core.answer_headers(self.contact, require)
        headers, tags = self.timer.accept(request, now)
        return [*self._core.answer_headers(self.contact, (*require, *tags), has_timer=True), *headers]

    def _give_up(self, reason: str, now: float) -> None:
        """The peer is not there any more, or has forgotten the call."""
        if self._try_step(CallStep.DEAD):
            self._end_with_bye(reason, now)

    def _hang_up(self, flow: Flow, headers: Iterable[tuple[str, str]], now: float) -> None:
        """BYE, now or after the ACK; again, over another link, while the first one has no answer."""
        self._step(CallStep.BYE)
        if self.state is CallState.ACCEPTED:
            self._bye_is_due = True
            return
        if (invite := self._unacknowledged) is not None:  # 13.2.2.4: the ACK is owed in any case
            self.offer_answer.roll_back()
            invite.acknowledge(self.confirmed_dialog)
        self._ending.send(flow, headers, now)
        self._over("hung up", "local", now)

    def _end_with_bye(self, reason: str, now: float) -> None:
        """Say BYE for a reason of our own, in ENDING."""
        self._ending.send(self._flow(None, None), (), now)
        self._over(reason, "local", now)

    def _over(self, reason: str, by: str, now: float) -> None:
        """No more media: tell the role once, and stop what runs."""
        if self._is_told:
            return
        self._is_told = True
        self._reinvites.stop(now)
        if self.timer is not None:
            self.timer.stop()
        if self._called is not None:
            self._called.close(now)
        if self._calling is not None:
            self._calling.invite.cancel(now)
        if self.state is CallState.TERMINATED and self.dialog is not None:
            self._directory.end(self.dialog, now)
        self._tell(outcomes.Over(reason, by), now)

    @property
    def _unacknowledged(self) -> OutgoingInvite | None:
        """An INVITE of ours without an offer, whose 2xx had one that the role has not answered yet."""
        first = self._calling.invite if self._calling is not None else None
        return next((invite for invite in (first, self._reinvites.sent) if invite and invite.owes_ack), None)

    def _flow(self, local: Address | None, remote: Address | None) -> Flow:
        """From where and to where a request goes: the caller's word, the route, or where the peer last was."""
        return Flow(local or self.local, remote or self.confirmed_dialog.next_hop() or self.peer)
