"""One INVITE as its caller sees it, and the first one of a call (RFC 3261 13.2, 9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.message.address import Flow
from agents.sip.message.build import new_cancel
from agents.sip.session.dialog import Dialog, DialogState
from agents.sip.session.ending import end_branch
from agents.sip.session.outcomes import Answered, Proceeding, Rejected
from agents.sip.transaction.invite_client import InviteClient

if TYPE_CHECKING:
    from typing import Protocol

    from agents.sip.message.address import Address
    from agents.sip.message.build import Body
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.outcomes import Report
    from agents.sip.session.standing import Standing
    from agents.sip.transaction.machine import Transaction
    from agents.sip.transaction.timer import Timer

    class InviteOwner(Protocol):
        """The session that sent the INVITE."""

        @property
        def local(self) -> Address:
            """Where ACKs leave from."""

        def next_cseq(self) -> int:
            """The number for another try after a challenge."""

        def lengthen(self, request: Request, response: Response) -> list[tuple[str, str]] | None:
            """What to change after a 422, None for nothing."""

        def on_provisional(self, invite: OutgoingInvite, response: Response, now: float) -> None:
            """101 … 199."""

        def on_success(self, invite: OutgoingInvite, response: Response, now: float) -> None:
            """The first 2xx with its To tag; must lead to `acknowledge`."""

        def on_refused(self, invite: OutgoingInvite, status: int, response: Response | None, now: float) -> None:
            """300 … 699, or nothing: 408 or 503."""


REQUEST_TIMEOUT, REQUEST_TERMINATED = 408, 487
# How long an INVITE that is being answered waits for another provisional response. Nobody else ends that wait: not the
# transaction, nor the end of its connection, as a server answers over another one then (18.2.2). It is as long as
# proxies wait, whom callees send one each minute for (16.6, timer C: more than 3 minutes; 13.3.1.1).
PATIENCE_S = 190.0
# 13.2.2.4: the ACK contains the same credentials as the INVITE.
_CREDENTIALS = ("authorization", "proxy-authorization")


class OutgoingInvite:
    """Sends an INVITE, acknowledges every 2xx to it as often as it comes, and may take it back."""

    def __init__(self, core: Core, request: Request, flow: Flow, owner: InviteOwner) -> None:
        self.request = request
        self.flow = flow
        self.is_done = False
        self.is_cancelled = False
        self._core = core
        self._owner = owner
        self._transaction: Transaction | None = None
        self._may_cancel = False
        # Whether it was taken back because no news came: that counts as 408 (16.8).
        self._is_overdue = False
        # Waiting for news, or for the end after a CANCEL.
        self._timer: Timer | None = None
        self._tried: set[tuple[str, str]] = set()
        self._acks: dict[str | None, tuple[Request, Flow] | None] = {}

    @property
    def owes_ack(self) -> bool:
        """Whether a 2xx waits for an answer to its offer, which goes into the ACK."""
        return None in self._acks.values()

    def start(self, now: float) -> None:
        """Send it."""
        self._transaction = self._core.transactions.request(self.request, self.flow, self, now)

    def cancel(self, now: float) -> None:
        """Take it back, as soon as a provisional response allows (9.1)."""
        if not self.is_cancelled and not self.is_done:
            self.is_cancelled = True
            if self._may_cancel:
                self._send_cancel(now)

    def acknowledge(self, dialog: Dialog, body: Body | None = None) -> None:
        """ACK the 2xx that made or confirmed this dialog (13.2.2.4)."""
        local = self._owner.local
        headers = [pair for pair in self.request.headers if pair[0].lower() in _CREDENTIALS]
        via = self._core.new_via(local)
        ack = dialog.request("ACK", via, headers=headers, body=body, cseq=self.request.cseq.number)
        flow = Flow(local, dialog.next_hop() or self.flow.remote)
        self._acks[dialog.remote_tag] = (ack, flow)
        self._core.transactions.send_ack(flow, ack)

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """From the client transaction."""
        if response.status < 200:
            self._on_provisional(response, now)
        elif response.to.tag in self._acks:
            self._acknowledge_again(response.to.tag)
        elif not self.is_cancelled and (again := self._another_try(response)) is not None:
            self.request = again
            self._may_cancel = False
            self._wait_no_longer()
            self.start(now)
        elif response.status >= 300:
            self._refuse(response.status, response, now)
        else:
            self._finish()
            self._acks[response.to.tag] = None
            self._owner.on_success(self, response, now)

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        """No response at all (8.1.3.1)."""
        self._refuse(status, None, now)

    def on_timer(self, name: str, now: float) -> None:
        """It was waited for long enough: for news (16.8), or after the CANCEL for the end (9.1, last paragraph)."""
        self._timer = None
        if name == "C":
            self._is_overdue = True
            self.cancel(now)
        elif isinstance(self._transaction, InviteClient):
            self._transaction.abandon(now)
            self._refuse(REQUEST_TERMINATED, None, now)

    def _another_try(self, response: Response) -> Request | None:
        """8.1.3.5: with credentials, or with a longer session interval."""
        if response.status == 422:
            changes = self._owner.lengthen(self.request, response)
            if changes is None:
                return None
            again = self._core.resubmit(self.request, self._owner.next_cseq())
            for name, value in changes:
                again.headers.set(name, value)
            return again
        return self._core.answer_challenge(self.request, response, self._owner.next_cseq, self._tried)

    def _on_provisional(self, response: Response, now: float) -> None:
        self._may_cancel = True
        if self.is_cancelled:
            self._send_cancel(now)
        elif response.status > 100 or self._timer is None:  # 16.7, step 2
            self._wait("C", now + PATIENCE_S)
        if response.status > 100:
            self._owner.on_provisional(self, response, now)

    def _send_cancel(self, now: float) -> None:
        if self._timer is not None and self._timer.name == "cancelled":  # once is enough, the transaction repeats it
            return
        flow = self.flow if self._transaction is None else self._transaction.flow  # 9.1: to where the INVITE went
        self._core.transactions.request(new_cancel(self.request), flow, _Unheard(), now)
        self._wait("cancelled", now + self._core.timings.give_up)

    def _wait(self, name: str, at: float) -> None:
        self._wait_no_longer()
        self._timer = self._core.timers.start(self, name, at)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self) -> None:
        self.is_done = True
        self._wait_no_longer()

    def _refuse(self, status: int, response: Response | None, now: float) -> None:
        self._finish()
        if self._is_overdue:
            status, response = REQUEST_TIMEOUT, None
        self._owner.on_refused(self, status, response, now)

    def _acknowledge_again(self, tag: str | None) -> None:
        """13.2.2.4: an ACK every time the 2xx comes again. None until the session has made the first one."""
        sent = self._acks[tag]
        if sent is None:
            return
        ack, flow = sent
        if flow.local != self._owner.local:  # the node moved since: not over the link that it left
            flow = flow._replace(local=self._owner.local)
            ack.replace_via(self._core.new_via(flow.local))
            self._acks[tag] = (ack, flow)
        self._core.transactions.send_ack(flow, ack)


class _Unheard:
    """The user of a CANCEL transaction: what counts is the response to the INVITE (9.1)."""

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """Nothing follows."""

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        """Nothing follows."""


class Calling:
    """Sends the first INVITE, and makes dialogs of what comes back."""

    def __init__(self, core: Core, standing: Standing, flow: Flow, request: Request, report: Report) -> None:
        self.invite = OutgoingInvite(core, request, flow, self)
        self._core = core
        self._standing = standing
        self._report = report

    @property
    def local(self) -> Address:
        """Where ACKs leave from."""
        return self._standing.local

    def next_cseq(self) -> int:
        """8.1.3.5: one higher than the previous."""
        return self.invite.request.cseq.number + 1

    def lengthen(self, request: Request, response: Response) -> list[tuple[str, str]] | None:
        """After a 422 (RFC 4028 7.3)."""
        timer = self._standing.timer
        return None if timer is None else timer.lengthen(request, response)

    def on_provisional(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """13.2.2.1."""
        self._report(Proceeding(response), now)

    def on_success(self, invite: OutgoingInvite, response: Response, now: float) -> None:
        """13.2.2.4."""
        self._report(Answered(response), now)

    def on_refused(self, invite: OutgoingInvite, status: int, response: Response | None, now: float) -> None:
        """13.2.2.2, 13.2.2.3."""
        self._report(Rejected(status, response), now)

    def dialog_of(self, response: Response) -> Dialog:
        """The one that a response with a To tag makes (12.1.2)."""
        return Dialog.as_caller(self.invite.request, response)

    def confirm(self, early: Dialog | None, response: Response) -> Dialog:
        """The dialog that a 2xx confirms: the early one, or another one if that was of another branch."""
        if early is not None and early.remote_tag == response.to.tag:
            dialog = early
            dialog.learn_route(response)
            dialog.refresh_target(response)
            dialog.local_cseq = max(dialog.local_cseq, self.invite.request.cseq.number)
        else:
            dialog = self.dialog_of(response)
        dialog.state = DialogState.CONFIRMED
        return dialog

    def end_branch(self, response: Response, now: float) -> None:
        """ACK and BYE for a 2xx that came too late, or of another branch of a fork (13.2.2.4)."""
        dialog = self.dialog_of(response)
        self.invite.acknowledge(dialog)
        flow = Flow(self.local, dialog.next_hop() or self.invite.flow.remote)
        end_branch(self._core, dialog, flow, self.invite.request, now)
