"""How the mobile node ends its sessions: BYE over one link and, when that brings no answer, over the other one too.

It is a BYE in the same dialog, from another address of ours: the peer knows the dialog by its tags (RFC 3261 12.2.2).
The paper, section 4.3, wants it for an old link that is "so unstable that the MN does not have enough time".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.mn.call.links import Link
    from agents.sip.session.session import Session

# How long a link has to bring the answer to a BYE: two tries of it (RFC 3261 17.1.2.2, T1 = 500 ms).
PATIENCE_S = 1.0


class Partings:
    """Every session that is being ended, until both sides have forgotten it."""

    def __init__(self, links: tuple[Link, Link], tell: Callable[..., None]) -> None:
        """`tell` leaves a line in the log."""
        self._links = links
        self._tell = tell
        self._open: dict[Session, _Parting] = {}

    def begin(self, session: Session, *, over: Link, now: float) -> None:
        """End a session, over this link if it can be used."""
        if session in self._open or session.state == "TERMINATED":
            return
        first, second = self._links
        self._open[session] = _Parting(over, second if over is first else first)
        if session.state in {"CALLING", "EARLY"}:
            session.cancel(now=now)  # to where its INVITE went (9.1); a 2xx that is faster is answered with BYE (15)
        else:
            self._say_bye(session, now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """A link that can be used again is another way for what has no answer yet."""
        if link.is_usable:
            self._try_again(now)

    def link_refused(self, *, now: float) -> None:
        """The system did not send a BYE: no need to wait for its answer."""
        self._try_again(now)

    def get_timer(self) -> float | None:
        """When the next BYE has been without an answer for too long."""
        return min((parting.due for parting in self._open.values() if parting.due is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Say what is due over the other link."""
        self._forget_ended()
        for session, parting in self._open.items():
            if parting.due is not None and now >= parting.due:
                self._say_bye(session, now)

    def _try_again(self, now: float) -> None:
        self._forget_ended()
        for session in self._open:
            self._say_bye(session, now)

    def _say_bye(self, session: Session, now: float) -> None:
        parting = self._open[session]
        parting.due = now + PATIENCE_S
        if session.state == "CANCELLING":
            return
        if session.state == "ENDING" and not parting.tried:  # the session's own BYE, as after an unanswered re-INVITE
            parting.tried = [link for link in parting.links if link.address == session.local.ip]
        links = [link for link in parting.links if link.is_usable and link not in parting.tried]
        if not links and parting.tried:
            parting.due = None  # the transactions go on, until 64*T1
            return
        link = links[0] if links else parting.links[0]
        if parting.tried:
            self._tell("bye_repeated", call_id=session.call_id, link=link.name)
        parting.tried.append(link)
        session.bye(local=link.sip_address, now=now)

    def _forget_ended(self) -> None:
        for session in [session for session in self._open if session.state == "TERMINATED"]:
            del self._open[session]


class _Parting:
    """`links` in the order in which they are tried."""

    def __init__(self, *links: Link) -> None:
        self.links = links
        self.tried: list[Link] = []
        self.due: float | None = None
