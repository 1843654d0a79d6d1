"""A call that is being set up: whether our media are needed is found out by asking the peer (paper, section 4.3).

The MN's INVITE goes on with `Require: handover` and its own media. A 200 with `Require: handover` proves that the peer
can hand over itself: then we stay out of the media (Figure 7). A 420 says that it can't, and it is asked again without
(RFC 3261 8.1.3.5), with our media. Some phones ignore Require: a 200 without the proof is followed by a re-INVITE with
our media. Either way we bridge (Figure 8).

Whoever calls from behind a NAT is bridged from the beginning: the peer does not know it, and can't send to its media.

A 488 says that the two have no codec in common (RFC 3261 21.4.26): then the peer is asked again with all that we can
turn into the MN's, and we bridge and transcode.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.media.leg import media_address
from agents.roles.b2bua.bridged import Bridged
from agents.roles.b2bua.direct import Direct
from agents.roles.b2bua.shared import SERVER_TIMEOUT, SERVICE_UNAVAILABLE, refuse
from agents.roles.by_table import ByTable
from agents.roles.guards import behind_nat
from agents.sdp.audio import PCMU, offered_formats
from agents.sdp.description import SessionDescription
from agents.sdp.errors import SdpParseError
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.b2bua.relay import Relay
    from agents.roles.b2bua.shared import Office
    from agents.roles.by_table import Table
    from agents.sdp.audio import AudioFormat
    from agents.sip.session.events import Event, IncomingInvite
    from agents.sip.session.session import Session

NOT_FOUND = 404
BAD_EXTENSION = 420
NOT_ACCEPTABLE_HERE = 488
NO_COMMON_CODEC = {NOT_ACCEPTABLE_HERE, 606}
REQUEST_PENDING = 491


class Entering(StrEnum):
    """ASKING the peer with the MN's own media, CALLING it with ours, RE-ENTERING the media of one that said yes.

    OVER when somebody else has its sessions, or nobody any more.
    """

    ASKING = "ASKING"
    CALLING = "CALLING"
    REENTERING = "RE-ENTERING"
    OVER = "OVER"


def is_behind_nat(caller: Session) -> bool:
    """Whether a caller announces media at an address that the peer can't send to, and we can: see `behind_nat`."""
    try:
        announced = media_address(SessionDescription.parse(caller.remote_sdp or b""))
    except (SdpParseError, StopIteration):
        return False
    return behind_nat(caller, announced) is not None


class Setup(ByTable):
    """Sets one call up."""

    def __init__(self, office: Office, incoming: IncomingInvite, *, always_bridges: bool, now: float) -> None:
        self._office = office
        self._mn = incoming.session
        self._request = incoming.request
        required = OPTION_TAG in incoming.request.tags("require")
        # Without room a handover is only for who insists on it, and then for the peer to do.
        self._wants = OPTION_TAG in incoming.request.tags("supported") and (required or office.has_room)
        self._relay: Relay | None = None
        self._offer: SessionDescription | None = None
        self._peer: Session | None = None
        self.state = Entering.ASKING
        office.handlers[self._mn] = self
        #: What the MN offers and we know: it comes first in what we offer for it.
        self._formats = known_formats(self._mn.remote_sdp)
        ours, theirs = set(office.formats), set(self._formats)
        self._may_widen = bool(ours & theirs and ours - theirs)
        is_hidden = is_behind_nat(self._mn)
        if is_hidden and not office.has_room:  # nobody else could send it anything
            office.handlers.pop(self._mn)
            self._mn.reject(SERVICE_UNAVAILABLE, now=now)
        elif self._mn.remote_sdp is None or ((always_bridges or is_hidden) and office.has_room):
            self._call_bridged(None, now)
        else:
            require = (OPTION_TAG,) if self._wants else ()
            self._take_peer(office.call(self._request, self._mn.remote_sdp, require=require, now=now), now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """The peer's answers, or the end of either side."""
        self.feed(event, now)

    def hand_over(self, incoming: IncomingInvite, replaced: Session, *, now: float) -> None:
        """There is nothing to hand over yet."""
        incoming.session.reject(REQUEST_PENDING, now=now)

    def back_up(self, incoming: IncomingInvite, *, now: float) -> None:
        """Nor to back up."""
        incoming.session.reject(REQUEST_PENDING, now=now)

    def _take_peer(self, peer: Session | None, now: float) -> None:
        if peer is None:
            self._drop_media()
            self._mn.reject(NOT_FOUND, now=now)
            return
        self._peer = peer
        self._office.handlers[peer] = self

    def _ring(self, event: events.Provisional, now: float) -> None:
        if event.response.status > 100 and self._mn.state in {"INCOMING", "RINGING"}:
            self._mn.ring(status=event.response.status if event.response.status in {180, 183} else 180, now=now)

    def _ended(self, event: events.SessionTerminated, now: float) -> None:
        """Of one side: then of the other one too."""
        self._drop_media()
        other = self._peer if event.session is self._mn else self._mn
        if other is not None:
            other.hang_up(now=now)

    def _in(self, event: events.Established, now: float) -> None:
        """The peer has said yes to our media."""
        if self._mn.is_over:
            event.session.hang_up(now=now)
        else:
            self._bridge(now)

    def _accepted(self, event: events.Established, now: float) -> None:
        """The peer has said yes to the MN's own media."""
        peer, response = event
        if self._mn.is_over:
            peer.hang_up(now=now)
        elif not self._wants or OPTION_TAG in response.tags("require"):
            self._join(now)
        elif self._office.has_room:
            self._reenter(peer, now)
        else:  # a call it is; that the 200 proves nothing tells the MN enough (RFC 3261 8.2.4)
            self._join(now)

    def _rejected_extension(self, event: events.InviteRejected, now: float) -> None:
        if event.status != BAD_EXTENSION or not self._wants or self._mn.is_over:
            self._rejected(event, now)
        elif self._office.has_room:
            self._call_bridged(event.session, now)
        else:  # neither of us can: the MN may call without (RFC 3261 8.1.3.5; paper 4.3, "enough resources")
            self._mn.reject(BAD_EXTENSION, headers=[("Unsupported", OPTION_TAG)], now=now)

    def _rejected(self, event: events.InviteRejected, now: float) -> None:
        self._drop_media()
        if event.status in NO_COMMON_CODEC and self._may_widen and self._office.has_room and not self._mn.is_over:
            self._may_widen = False
            self._formats = tuple(dict.fromkeys((*self._formats, *self._office.formats)))
            self._call_bridged(event.session, now)
        elif not self._mn.is_over:
            refuse(self._mn, event, now=now)

    def _call_bridged(self, retry_of: Session | None, now: float) -> None:
        """Calls the peer with our own media and without the extension."""
        self.state = Entering.CALLING
        self._offer = self._offer_with_us()
        if self._offer is None:
            self._mn.reject(SERVICE_UNAVAILABLE, now=now)
            return
        self._take_peer(self._office.call(self._request, bytes(self._offer), retry_of=retry_of, now=now), now)

    def _offer_with_us(self) -> SessionDescription | None:
        """An offer of our media, with a relay that takes them; None when there is no port left for them."""
        relay = self._office.new_relay()
        local = self._office.open_media(relay)
        if local is None:
            return None
        self._relay = relay
        return self._office.offer(local, self._formats)

    def _reenter(self, peer: Session, now: float) -> None:
        """The peer has said yes to the MN's own media, and not that it can hand over."""
        self.state = Entering.REENTERING
        if self._relay is None or self._offer is None:
            self._offer = self._offer_with_us()
            if self._offer is None:  # without a port of ours it is a call without us
                self._join(now)
                return
            self._follow(self._offer, peer)
        try:
            peer.reinvite(bytes(self._offer), now=now)
        except LocalProtocolError:  # it changes the session itself at this very moment
            self._join(now)

    def _reenter_again(self, event: events.ReinviteDue, now: float) -> None:
        self._reenter(event.session, now)

    def _reentered(self, _: events.ReinviteAnswered, now: float) -> None:
        self._bridge(now)

    def _kept_out(self, event: events.ReinviteRejected, now: float) -> None:
        """The peer does not let us into the media: then the MN can't have its handover either, but a call."""
        if event.session.is_over:  # RFC 3261 14.1: by 481, or no answer
            self._drop_media()
            if not self._mn.is_over:
                self._mn.reject(SERVER_TIMEOUT, now=now)
        elif event.retry_at is None:
            self._join(now)

    def _let_in(self, event: events.ReinviteReceived, now: float) -> None:
        """After a 491 its own re-INVITE comes first (14.1): we answer that with our media, and are in."""
        peer, answer = event.session, None
        if self._offer is not None:
            answer = self._office.answer(peer.remote_sdp, media_address(self._offer), self._formats)
        if answer is None:
            peer.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        self._follow(answer, peer)
        self._offer = answer
        peer.accept_reinvite(bytes(answer), now=now)
        self._bridge(now)

    @staticmethod
    def _follow(description: SessionDescription, peer: Session) -> None:
        if peer.local_sdp is not None:
            description.follow(SessionDescription.parse(peer.local_sdp))

    def _drop_media(self) -> None:
        if self._relay is not None:
            self._office.close_relay(self._relay)
            self._relay = None

    def _bridge(self, now: float) -> None:
        """The peer's media are with us; now the MN's."""
        if self._peer is None or self._relay is None or self._offer is None:
            raise RuntimeError("no peer, or no media of ours with it")
        self.state = Entering.OVER
        bridged = Bridged(self._office, self._relay, self._peer, self._offer)
        applied = (OPTION_TAG,) if OPTION_TAG in self._request.tags("require") and self._wants else ()
        bridged.begin(self._mn, applied=applied, now=now)

    def _join(self, now: float) -> None:
        """We are not needed for the media."""
        if self._peer is None:
            raise RuntimeError("no peer")
        self.state = Entering.OVER
        self._drop_media()
        direct = Direct(self._office)
        direct.join(self._mn, self._peer, now=now)

    TABLE: ClassVar[Table] = {
        Entering.ASKING: {
            events.Provisional: _ring,
            events.Established: _accepted,
            events.InviteRejected: _rejected_extension,
            events.SessionTerminated: _ended,
        },
        Entering.CALLING: {
            events.Provisional: _ring,
            events.Established: _in,
            events.InviteRejected: _rejected,
            events.SessionTerminated: _ended,
        },
        Entering.REENTERING: {
            events.Provisional: _ring,
            events.ReinviteAnswered: _reentered,
            events.ReinviteRejected: _kept_out,
            events.ReinviteDue: _reenter_again,
            events.ReinviteReceived: _let_in,
            events.SessionTerminated: _ended,
        },
        Entering.OVER: {},
    }


def known_formats(offer: bytes | None) -> tuple[AudioFormat, ...]:
    """What of the MN's offer we can say ourselves; PCMU where there is nothing, or no offer yet."""
    try:
        return offered_formats(SessionDescription.parse(offer or b"")) or (PCMU,)
    except SdpParseError:
        return (PCMU,)
