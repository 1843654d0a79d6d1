"""What all calls of the B2BUA share: its user agent, its media ports, its log, and who takes which session's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from agents.media.latching import Latches
from agents.media.reports import control_of
from agents.roles.b2bua.ready_legs import ReadyLegs
from agents.roles.b2bua.relay import Relay
from agents.roles.b2bua.transcoding import transcodable
from agents.roles.media_ports import DESCRIPTORS, MediaPorts
from agents.roles.role import Splice, Tell
from agents.sdp.audio import PTIME_MS, AudioFormat, Endpoint, make_answer, make_offer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError, SdpParseError
from agents.sip.message.uri import Uri
from agents.sip.user_agent import Invitation

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

    from agents.media.readiness import Copies
    from agents.roles.role import Command
    from agents.sip.message.address import Address, Datagram
    from agents.sip.message.message import Request
    from agents.sip.session.events import Event, IncomingInvite, InviteRejected
    from agents.sip.session.session import Session
    from agents.sip.user_agent import UserAgent

MEDIA_PORTS = (40000, 65534)
SERVICE_UNAVAILABLE = 503
SERVER_TIMEOUT = 504
# What goes with a refusal that is passed on.
_OF_REFUSALS = ("Unsupported", "Retry-After", "Warning")


class Handler(Protocol):
    """Takes the events of its sessions: a call that is being set up, one without our media, or a bridged one."""

    def receive_event(self, event: Event, *, now: float) -> None:
        """An event of one of its sessions."""

    def hand_over(self, incoming: IncomingInvite, replaced: Session, *, now: float) -> None:
        """An INVITE with a Handover header that names one of its sessions."""

    def back_up(self, incoming: IncomingInvite, *, now: float) -> None:
        """An INVITE with the Call-ID of one of its sessions (paper, section 4.1)."""


class Office:
    """Shared by the handlers."""

    def __init__(
        self, address: Address, ua: UserAgent, random: Random, room: int | None = None, descriptors: int = DESCRIPTORS,
        ptime_ms: int = PTIME_MS,
    ) -> None:  # fmt: skip
        """`room`: how many calls may be bridged at once; None for any number. For `descriptors` see `MediaPorts`.

        `ptime_ms`: how much speech is in a packet of each call.
        """
        self._ptime_ms = ptime_ms
        self.address = address
        self.ua = ua
        self.commands: list[Command] = []
        self.handlers: dict[Session, Handler] = {}
        self.relays: dict[Address, Relay] = {}
        self.media: list[Datagram] = []
        """What the relays have to send."""
        self.holding: dict[Relay, None] = {}
        """The relays that hold packets back, or have legs that stand ready, in the order in which they began to."""
        self.latches = Latches()
        self._splices: dict[Address, Splice] = {}
        self._random = random
        self._ports = MediaPorts(*MEDIA_PORTS, self.commands, descriptors=descriptors, is_patient=False)
        self._opened: dict[Relay, list[Address]] = {}
        self._room = room
        self.formats = transcodable()
        """All that we can turn into each other."""

    def tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Leaves a line in the log."""
        self.commands.append(Tell(event, facts))

    @property
    def has_room(self) -> bool:
        """Whether another call can be bridged, or another dialog of one stand by."""
        standing = sum(relay.standing for relay in self._opened)
        return self._room is None or len(self._opened) + standing < self._room

    def new_relay(self) -> Relay:
        """For one call."""
        return Relay(self.media, f"b2bua@{self.address.ip}", self._random, ptime_ms=self._ptime_ms)

    def watch(self, relay: Relay) -> None:
        """Look at its timer for as long as it has one; what it holds back need not be looked at for splices."""
        if relay.get_timer() is not None:
            self.holding[relay] = None
            return
        self.holding.pop(relay, None)
        self.splice(relay)

    def splice(self, relay: Relay) -> None:
        """Have the driver pass on what need not be looked at."""
        for local, known in relay.splices().items():
            splice = self._as_seen(known)
            if self._splices.get(local, Splice(local, local, ())) != splice:
                self._splices[local] = splice
                self.commands.append(splice)
                if splice.ways:
                    relay.let_pass(local)
        if relay.get_timer() is not None:
            self.holding[relay] = None

    def _as_seen(self, splice: Splice) -> Splice:
        """With where packets really come from and go to, once that is known of all; none before."""
        source = self.latches.outer(splice.local, splice.source)
        ways = [(local, self.latches.outer(local, remote)) for local, remote in splice.ways]
        met = tuple((local, remote) for local, remote in ways if remote is not None)
        if source is None or len(met) < len(ways):
            return Splice(splice.local, splice.local, ())
        return splice._replace(source=source, ways=met)

    def ready_legs(self, relay: Relay, copies: Copies) -> ReadyLegs:
        """For a call of which a leg is to stand ready."""

        def tell(event: str, name: Hashable, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
            leg = relay.legs.get(name)
            where = {} if leg is None else {"local": leg.local.ip, "remote": leg.remote.ip}
            self.tell(event, **where, **facts)

        ssrc = self._random.getrandbits(32)  # RFC 3550 8.1
        interval_s = self._ptime_ms / 1000
        return ReadyLegs(copies, tell, ssrc=ssrc, cname=f"b2bua@{self.address.ip}", interval_s=interval_s)

    def close_relay(self, relay: Relay) -> None:
        """The call is over; its ports take nothing any more."""
        self.holding.pop(relay, None)
        if relay.dropped:
            self.tell("stray_media", packets=relay.dropped)
        if relay.untranslatable:
            self.tell("untranslatable_media", packets=relay.untranslatable)
        for local in self._opened.pop(relay, ()):
            for address in (local, control_of(local)):
                del self.relays[address]
                self._splices.pop(address, None)
            self._ports.close(local)
            self.latches.forget(local)

    def open_media(self, relay: Relay) -> Address | None:
        """A port for one leg of a call, and the next one for its RTCP; what comes to them goes to the relay.

        None when there is none left.
        """
        local = self._ports.free(self.address.ip)
        if local is not None:
            self._ports.open(local)
            self._opened.setdefault(relay, []).append(local)
            for address in (local, control_of(local)):
                self.relays[address] = relay
        return local

    def call(
        self, request: Request, body: bytes | None, *, now: float,
        target: str = "", require: tuple[str, ...] = (), headers: tuple[tuple[str, str], ...] = (),
        retry_of: Session | None = None,
    ) -> Session | None:  # fmt: skip
        """Calls on for who sent this INVITE; None when its Request-URI is no address that can be sent to."""
        uri = target or request.uri
        remote = Uri.parse(uri).address
        if remote is None or remote.ip == self.address.ip:
            return None
        invitation = Invitation(
            request_uri=uri,
            from_=f"<{request.from_.uri}>",
            to=f"<{request.to.uri}>",
            contact=self.address,
            body=body,
            require=require,
            headers=headers,
        )
        if request.max_forwards is not None:
            invitation = invitation._replace(max_forwards=request.max_forwards - 1)
        return self.ua.invite(invitation, local=self.address, remote=remote, now=now, retry_of=retry_of)

    def offer(self, local: Address, formats: tuple[AudioFormat, ...]) -> SessionDescription:
        """An offer of ours."""
        return make_offer(self._end(local, formats))

    def answer(
        self, offer: bytes | None, local: Address, preferred: tuple[AudioFormat, ...], *, in_call: bool = False
    ) -> SessionDescription | None:
        """Our answer to an offer; None where there is nothing in common. For `in_call` see `make_answer`.

        If any of the `preferred` formats are in it, those of the call's other side, only they are taken: then nothing
        has to be transcoded.
        """
        for formats in (preferred, self.formats):
            try:
                return make_answer(SessionDescription.parse(offer or b""), self._end(local, formats), in_call=in_call)
            except (SdpParseError, NoCommonFormatError):
                continue
        return None

    def _end(self, local: Address, formats: tuple[AudioFormat, ...]) -> Endpoint:
        return Endpoint(local.ip, local.port, self._random.getrandbits(31), formats, self._ptime_ms)


def refuse(asker: Session, event: InviteRejected, *, now: float) -> None:
    """One side has refused an INVITE, or not answered it: so do we on the other side."""
    if event.response is None:
        asker.reject(SERVER_TIMEOUT, now=now)
        return
    received = event.response.headers
    headers = [(name, value) for name in _OF_REFUSALS for value in received.get_all(name)]
    asker.reject(event.status, headers=headers, now=now)
