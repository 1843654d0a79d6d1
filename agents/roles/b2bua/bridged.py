"""A call whose media go through us: the peer need not know of handovers (paper, Figures 6 and 8).

The MN may have several sessions with us. With the Handover header the peer's media are copied to each of them, and its
own go to the peer once. One that stands by gets a packet now and then, until an end wants more (`ReadyLegs`). A backup
session (section 4.1) gets nothing until it is activated, and then everything.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from agents.media.leg import agreed_leg, is_emptied, media_address
from agents.roles.b2bua.shared import SERVICE_UNAVAILABLE
from agents.roles.guards import behind_nat
from agents.roles.standby import standby_of
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events

if TYPE_CHECKING:
    from agents.media.leg import Agreed
    from agents.roles.b2bua.relay import Relay
    from agents.roles.b2bua.shared import Office
    from agents.sdp.audio import AudioFormat
    from agents.sdp.description import SessionDescription
    from agents.sip.message.address import Address
    from agents.sip.session.events import Event, IncomingInvite
    from agents.sip.session.session import Session

BAD_EXTENSION = 420
NOT_ACCEPTABLE_HERE = 488
EXTENSION_REQUIRED = 421
DECLINE = 603


class Bridged:
    """One session with the peer, one or more with the MN; each with our last description in it."""

    def __init__(self, office: Office, relay: Relay, peer: Session, offer: SessionDescription) -> None:
        self._office = office
        self._relay = relay
        self._peer = peer
        self._mine: dict[Session, SessionDescription] = {peer: offer}
        # Where our media of each are; a description that has taken its stream away does not say so.
        self._places: dict[Session, Address] = {peer: media_address(offer)}
        # What each of them speaks, as far as it is known.
        self._formats: dict[Session, tuple[AudioFormat, ...]] = {}
        self._backups: set[Session] = set()
        office.handlers[peer] = self

    def begin(self, mn: Session, *, applied: tuple[str, ...], now: float) -> None:
        """The peer has accepted: so do we, with media of ours on both sides."""
        agreed = agreed_leg(bytes(self._mine[self._peer]), self._peer.remote_sdp)
        if agreed is None:
            self._peer.hang_up(now=now)
            mn.reject(NOT_ACCEPTABLE_HERE, now=now)
            return
        self._take(self._peer, agreed, now)
        self._office.tell("bridging", call_id=mn.call_id, peer_call_id=self._peer.call_id)
        if not self._answer(mn, applied, now):
            self._peer.hang_up(now=now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """Changes and ends of its sessions."""
        if isinstance(event, events.ReinviteReceived):
            self._change(event.session, now)
        elif isinstance(event, events.Confirmed | events.ReinviteConfirmed):
            self._route(event.session, event.session.local_sdp, event.session.remote_sdp, now)  # RFC 3261 13.2.2.4
        elif isinstance(event, events.SessionTerminated):
            self._end(event.session, now)
        self._mind_refreshing(now)

    def hand_over(self, incoming: IncomingInvite, replaced: Session, *, now: float) -> None:
        """Copies go to the new session from now on, not only after the ACK (paper 4.3)."""
        session = incoming.session
        if replaced not in self._mine or self._peer.is_over:  # we are hanging up (RFC 3891 3)
            session.reject(DECLINE, now=now)
        elif OPTION_TAG not in incoming.request.tags("supported"):  # RFC 3261 8.2.4
            session.reject(EXTENSION_REQUIRED, headers=[("Require", OPTION_TAG)], now=now)
        elif (copies := standby_of(incoming)) is not None and not self._office.has_room:  # as in `Setup`
            session.reject(BAD_EXTENSION, headers=[("Unsupported", OPTION_TAG)], now=now)
        else:
            if copies is not None:
                make = partial(self._office.ready_legs, self._relay, copies)
                self._relay.get_ready(session, make, beside=self._carrying, now=now)
            if self._answer(session, (OPTION_TAG,), now):
                event = "duplicating" if copies is None else "standing_by"
                self._office.tell(event, call_id=session.call_id, old_call_id=replaced.call_id)
                self._mind_refreshing(now)
            else:
                self._relay.drop(session, now=now)

    def back_up(self, incoming: IncomingInvite, *, now: float) -> None:
        """A session in reserve: it is sendonly for the MN, so nothing is sent to it (paper 4.1)."""
        session = incoming.session
        if self._answer(session, (), now):
            self._backups.add(session)
            self._office.tell("backup_session", call_id=session.call_id)

    def _answer(self, mn: Session, applied: tuple[str, ...], now: float) -> bool:
        local = self._office.open_media(self._relay)
        if local is None:
            mn.reject(SERVICE_UNAVAILABLE, now=now)
            return False
        spoken = self._spoken_beyond(mn)
        if mn.remote_sdp:
            answer = self._office.answer(mn.remote_sdp, local, spoken)
        else:
            answer = self._office.offer(local, tuple(dict.fromkeys((*spoken, *self._office.formats))))
        if answer is None:
            mn.reject(NOT_ACCEPTABLE_HERE, now=now)
            return False
        self._mine[mn] = answer
        self._places[mn] = local
        self._office.handlers[mn] = self
        self._route(mn, bytes(answer), mn.remote_sdp, now)
        mn.accept(bytes(answer), require=applied, now=now)
        return True

    def _change(self, session: Session, now: float) -> None:
        """A side has moved, or goes on hold; the other one need not know."""
        if session not in self._mine:
            session.reject_reinvite(DECLINE, now=now)
            return
        answer = self._office.answer(
            session.remote_sdp, self._places[session], self._spoken_beyond(session), in_call=True
        )
        if answer is None:
            session.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        answer.follow(self._mine[session])
        self._mine[session] = answer
        self._route(session, bytes(answer), session.remote_sdp, now)
        session.accept_reinvite(bytes(answer), now=now)

    def _route(self, session: Session, ours: bytes | None, theirs: bytes | None, now: float) -> None:
        agreed = agreed_leg(ours, theirs)
        if session not in self._mine:
            return
        if agreed is None:
            self._fall_silent(session, ours, now)
            return
        self._take(session, agreed, now)
        if session in self._backups and agreed.may_send:  # activated: "route all packets through this interface" (4.1)
            self._backups.discard(session)
            for other in self._relay.legs:
                if other is not session:
                    self._relay.drop(other, now=now)
            self._office.tell("backup_activated", call_id=session.call_id)
        self._office.splice(self._relay)

    def _fall_silent(self, session: Session, ours: bytes | None, now: float) -> None:
        """Where a side has taken its stream away; what can't be understood changes nothing."""
        if not is_emptied(ours):
            return
        if session is self._peer:
            self._relay.drop_peer()
        else:
            self._relay.drop(session, now=now)
        self._office.splice(self._relay)

    def _take(self, session: Session, agreed: Agreed, now: float) -> None:
        self._formats[session] = tuple(agreed.numbering.sends)
        if session is self._peer:
            self._relay.set_peer(agreed, now=now)
        else:
            if (seen := behind_nat(session, agreed.leg.remote)) is not None:
                self._office.latches.expect(agreed.leg, seen)
            self._relay.set_leg(session, agreed, now=now)

    def _spoken_beyond(self, session: Session) -> tuple[AudioFormat, ...]:
        """What is spoken on the other side of the call."""
        others = [one for one in self._mine if one is not session and (session is self._peer or one is self._peer)]
        return tuple(dict.fromkeys(spoken for other in others for spoken in self._formats.get(other, ())))

    @property
    def _carrying(self) -> list[Session]:
        """The MN's sessions but those in reserve, in the order in which they began."""
        return [one for one in self._mine if one is not self._peer and one not in self._backups]

    def _mind_refreshing(self, now: float) -> None:
        """None while the MN has two sessions that carry media, or whose backup is being activated: a handover.

        One that stands by is there all the time, as a rule.
        """
        is_handover = len(self._carrying) - self._relay.standing > 1
        for session in self._mine:
            session.let_refresh(may=not is_handover, now=now)

    def _end(self, session: Session, now: float) -> None:
        """The last of the MN's sessions ends the call, and so does the peer."""
        if self._mine.pop(session, None) is None:
            return
        self._formats.pop(session, None)
        self._places.pop(session, None)
        self._relay.drop(session, now=now)
        self._office.splice(self._relay)
        self._backups.discard(session)
        if not self._mine:
            self._office.close_relay(self._relay)
        elif session is self._peer:
            for mn in list(self._mine):
                mn.hang_up(now=now)
        elif set(self._mine) <= {self._peer, *self._backups}:
            for other in list(self._mine):
                other.hang_up(now=now)
        elif not self._relay.legs:  # a backup session that was activated, and came to nothing
            for other in [one for one in self._mine if one not in {self._peer, *self._backups}]:
                self._route(other, bytes(self._mine[other]), other.remote_sdp, now)
