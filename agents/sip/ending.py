"""The end of a call: BYE, sent and received (RFC 3261 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sip import events
from agents.sip.build import new_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sip.address import Flow
    from agents.sip.core import Core
    from agents.sip.dialog import Dialog
    from agents.sip.message import Request, Response
    from agents.sip.noninvite_server import NonInviteServer
    from agents.sip.session import Session
    from agents.sip.transaction import Transaction


class Ending:
    """Sends BYEs for one session, several when links fail, and sees them through."""

    def __init__(self, core: Core, session: Session) -> None:
        self._core = core
        self._session = session
        self._open: set[_Bye] = set()

    def send(self, flow: Flow, headers: Iterable[tuple[str, str]], now: float) -> None:
        """A BYE in the session's dialog; the session counts as over from here (15.1.1)."""
        self._open.add(send_bye(self._core, self._session.confirmed_dialog, flow, headers, now, self))

    def receive(self, request: Request, transaction: NonInviteServer, now: float) -> None:
        """The peer's BYE, 200 whatever our state is (15.1.2)."""
        transaction.respond(new_response(request, 200), now)
        if self._session.try_step("bye received"):
            self._session.over("the peer hung up", "remote", now)

    def done(self, bye: _Bye, status: int, now: float) -> None:
        """A BYE is answered, or given up: the dialog is over in any case (15.1.1)."""
        self._open.discard(bye)
        self._core.emit(events.ByeAnswered(self._session, status, bye.flow.local))
        # A 2xx tells that the peer has ended it; then BYEs that are still under way over dead links do not matter.
        if (not self._open or status < 300) and self._session.try_step("bye done"):
            self._core.end_dialog(self._session.confirmed_dialog, now)


class _Bye:
    """The user of one BYE transaction."""

    def __init__(self, flow: Flow, ending: Ending | None) -> None:
        self.flow = flow
        self._ending = ending

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """Any final response will do."""
        if response.status >= 200 and self._ending is not None:
            self._ending.done(self, response.status, now)

    def on_failure(self, transaction: Transaction, status: int, now: float) -> None:
        """None came."""
        if self._ending is not None:
            self._ending.done(self, status, now)


def send_bye(
    core: Core, dialog: Dialog, flow: Flow, headers: Iterable[tuple[str, str]], now: float, ending: Ending | None = None
) -> _Bye:
    """BYE in a dialog; without `ending` nobody waits for the answer, as for the lost branches of a fork."""
    bye = _Bye(flow, ending)
    core.transactions.request(dialog.request("BYE", core.new_via(flow.local), headers=headers), flow, bye, now)
    return bye
