"""Who may send a node requests (RFC 3261 22, 26; RFC 3891 8).

Dialog identifiers are no secret on a shared network, and no Handover header proves who sent it. So a home network asks
its users for their digest credentials with every request that can be challenged, those inside of dialogs too: a BYE or
re-INVITE of somebody who has only listened is refused.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from agents.sip.message.errors import RemoteProtocolError
from agents.sip.message.uri import Uri

if TYPE_CHECKING:
    from agents.sip.digest.server import DigestServer
    from agents.sip.message.address import Address, Flow
    from agents.sip.message.message import Request
    from agents.sip.session.events import IncomingInvite
    from agents.sip.session.session import Session


class PeerGuard:
    """For peers that stay where they are: takes requests in dialogs only from the host that the dialog is with.

    That is where requests to the peer go: the host that was called or has called, or the one that its Contact or the
    route set names by now. Not for a peer that moves, whose news of it comes from an address that nobody knows yet.
    """

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        """How many requests were refused, by status and method."""

    def check(self, request: Request, flow: Flow, session: Session | None, *, now: float) -> str:
        """'' for all that may pass; raises `RemoteProtocolError` with 403 for others."""
        if session is not None and flow.remote.ip not in hosts_of(session):
            self.refuse(request, 403)
            raise RemoteProtocolError("not from the peer of this dialog", status_hint=403)
        return ""

    def next_nonce(self, request: Request, *, now: float) -> list[tuple[str, str]]:
        """Nothing: nobody here has one."""
        return []

    def check_replacing(self, request: Request, flow: Flow, user: str, replaced: Session) -> None:
        """RFC 3891 8: only a party of a dialog may replace it; raises `RemoteProtocolError` with 403 for others."""
        if not self._is_party(flow, user, replaced):
            self.refuse(request, 403)
            raise RemoteProtocolError("Handover of somebody else's dialog", status_hint=403)

    def takes_ack(self, ack: Request, flow: Flow, session: Session) -> bool:
        """Whether it comes from the peer's host: it may bring the answer to an offer (RFC 3261 13.2.2.4)."""
        return flow.remote.ip in hosts_of(session)

    def _is_party(self, flow: Flow, user: str, replaced: Session) -> bool:
        return flow.remote.ip in hosts_of(replaced)

    def refuse(self, request: Request, status: int) -> None:
        """Counts it."""
        self.refused[f"{status} {request.method}"] += 1


class UserGuard(PeerGuard):
    """For who knows its callers' passwords: they prove who they are; peers that it has called are known by host."""

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

    def next_nonce(self, request: Request, *, now: float) -> list[tuple[str, str]]:
        """For the 2xx to a user who is to use another one from now on."""
        return self._users.next_nonce(request, now=now)

    def takes_ack(self, ack: Request, flow: Flow, session: Session) -> bool:
        """From the caller's host; or from where it is by now, with the credentials of the INVITE (RFC 3261 22.1).

        These can be overheard, so they prove too little for an ACK that says where media are to go.
        """
        if session.is_caller or super().takes_ack(ack, flow, session):
            return super().takes_ack(ack, flow, session)
        invite = session.invite_of(ack)
        return invite is not None and not ack.body and credentials_of(ack) == credentials_of(invite.request) != []

    def _is_party(self, flow: Flow, user: str, replaced: Session) -> bool:
        return user == replaced.user


def credentials_of(request: Request) -> list[str]:
    """What it brings to prove who sent it."""
    return [value for name in ("authorization", "proxy-authorization") for value in request.headers.get_all(name)]


def hosts_of(session: Session) -> set[str]:
    """The IP addresses that belong to the peer of a session."""
    hop = session.dialog.next_hop() if session.dialog is not None else None
    return {session.peer.ip} if hop is None else {session.peer.ip, hop.ip}


def behind_nat(session: Session, announced: Address) -> Address | None:
    """Where a peer is seen that announces an address inside of a NAT for its media; None for who does not.

    Or has not proved who it is: what it says has to be enough then (RFC 7362 5).
    """
    dialog = session.dialog
    if not session.user or dialog is None or dialog.seen_at is None:
        return None
    said = Uri.parse(dialog.remote_target).address
    return dialog.seen_at if said is not None and said.ip == announced.ip else None


def is_in_vain(session: Session, incoming: IncomingInvite) -> bool:
    """Whether a session's caller calls again, who has not heard that we have taken the call.

    It is another try of the same INVITE (RFC 3261 8.1.3.5): the same Call-ID and From tag, and there was no ACK.
    """
    invite, request = session.invite, incoming.request
    is_same = (invite.call_id, invite.from_.tag) == (request.call_id, request.from_.tag)
    return is_same and session.state == "ACCEPTED"
