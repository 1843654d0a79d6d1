"""Who may send a node requests (RFC 3261 22, 26; RFC 3891 8).

Dialog identifiers are no secret on a shared network, and no Handover header proves who sent it. So a home network asks
its users for their digest credentials with every request that can be challenged, those inside of dialogs too: a BYE or
re-INVITE of somebody who has only listened is refused.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from agents.sip.errors import RemoteProtocolError

if TYPE_CHECKING:
    from agents.sip.address import Flow
    from agents.sip.digest_server import DigestServer
    from agents.sip.message import Request
    from agents.sip.session import Session


class PeerGuard:
    """For a node with one way in: takes requests in dialogs only from the host that the dialog is with."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        """How many requests were refused, by status and method."""

    def check(self, request: Request, flow: Flow, session: Session | None, *, now: float) -> str:
        """'' for all that may pass; raises `RemoteProtocolError` with 403 for others."""
        if session is not None and flow.remote.ip != session.peer.ip:
            self.refuse(request, 403)
            raise RemoteProtocolError("not from the peer of this dialog", status_hint=403)
        return ""

    def refuse(self, request: Request, status: int) -> None:
        """Counts it."""
        self.refused[f"{status} {request.method}"] += 1


class UserGuard(PeerGuard):
    """For a server of the home network: its users prove who they are; peers that it has called are known by host."""

    def __init__(self, users: DigestServer) -> None:
        super().__init__()
        self._users = users

    def check(self, request: Request, flow: Flow, session: Session | None, *, now: float) -> str:
        """The user; raises `RemoteProtocolError` with a challenge, or with 403 for another one than the dialog's."""
        if session is not None and session.is_caller:
            return super().check(request, flow, session, now=now)
        try:
            user = self._users.check(request, now=now)
        except RemoteProtocolError as error:
            self.refuse(request, error.status_hint)
            raise
        if session is not None and user != session.user:
            self.refuse(request, 403)
            raise RemoteProtocolError("another user's dialog", status_hint=403)
        return user
