"""The end of a call: BYE, sent and received (RFC 3261 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip.session.outcomes import ByeDone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.message.address import Flow
    from agents.sip.message.message import Request, Response
    from agents.sip.session.core import Core
    from agents.sip.session.dialog import Dialog
    from agents.sip.session.outcomes import Report
    from agents.sip.session.standing import Standing
    from agents.sip.transaction.machine import Transaction


class Ending:
    """Sends BYEs for one session, several when links fail, and sees them through."""

    def __init__(self, core: Core, standing: Standing, report: Report) -> None:
        self._core = core
        self._standing = standing
        self._report = report
        self._open: set[_Bye] = set()

    def send(self, flow: Flow, headers: Iterable[tuple[str, str]], now: float) -> None:
        """A BYE in the session's dialog (15.1.1)."""
        bye = _Bye(self._core, self._standing.confirmed_dialog, flow, self)
        self._open.add(bye)
        bye.start(headers, self._standing.invite, now)

    def done(self, bye: _Bye, status: int, now: float) -> None:
        """A BYE is answered, or given up: the dialog is over in any case (15.1.1)."""
        self._open.discard(bye)
        # 2xx and 481 tell that the peer has ended it; then BYEs that are still under way over dead links do not matter.
        ends_dialog = not self._open or status < 300 or status == 481
        self._report(ByeDone(status, bye.flow.local, ends_dialog), now)


class _Bye:
    """The user of the transactions of one BYE; without `ending` nobody waits for its end."""

    def __init__(self, core: Core, dialog: Dialog, flow: Flow, ending: Ending | None) -> None:
        self.flow = flow
        self._core = core
        self._dialog = dialog
        self._ending = ending
        self._tried: set[tuple[str, str]] = set()

    def start(self, headers: Iterable[tuple[str, str]], invite: Request, now: float) -> None:
        """Send it, with credentials if the INVITE of the dialog had some."""
        request = self._dialog.request("BYE", self._core.new_via(self.flow.local), headers=headers)
        self._core.transactions.request(self._core.authorize(request, invite), self.flow, self, now)

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """Any final response will do, but for a challenge that can be answered."""
        if response.status < 200:
            return
        again = self._core.answer_challenge(transaction.request, response, self._dialog.next_cseq, self._tried)
        if again is not None:
            self._core.transactions.request(again, self.flow, self, now)
        elif self._ending is not None:
            self._ending.done(self, response.status, now)

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        """None came."""
        if self._ending is not None:
            self._ending.done(self, status, now)


def end_branch(core: Core, dialog: Dialog, flow: Flow, invite: Request, now: float) -> None:
    """BYE for a branch of a fork that came too late (13.2.2.4)."""
    _Bye(core, dialog, flow, None).start((), invite, now)
