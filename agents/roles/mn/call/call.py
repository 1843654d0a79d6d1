"""The mobile node's call, and what a handover scheme can do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agents.media.call_media import CallMedia, MediaSettings
from agents.media.leg import Leg, is_emptied, media_address
from agents.media.reports import control_of
from agents.roles.guards import PeerGuard
from agents.roles.mn.call.own_accounts import own_credentials
from agents.roles.mn.call.parting import Partings
from agents.roles.role import Attach, Open, Tell, is_plain
from agents.sdp.audio import make_answer, make_offer
from agents.sdp.description import SessionDescription
from agents.sdp.errors import NoCommonFormatError, SdpParseError
from agents.sip.message.address import Address
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.handover import NAME, OPTION_TAG, STANDBY, HandoverHeader
from agents.sip.message.uri import Uri
from agents.sip.session.abilities import Abilities, SessionInterval
from agents.sip.user_agent import Invitation, UserAgent

if TYPE_CHECKING:
    from random import Random

    from agents.roles.mn.call.checked_media import CheckedMedia
    from agents.roles.mn.call.links import Link
    from agents.roles.mn.call.relayed_media import RelayedMedia
    from agents.roles.role import Command
    from agents.rtp.rtcp_session import RtcpSession
    from agents.sip.message.address import Datagram
    from agents.sip.session.session import Session

FIRST_MEDIA_PORT, MEDIA_PORTS = 20000, 10000
PRODUCT = "testbed-mn"
NOT_ACCEPTABLE_HERE = 488


class _Wish(NamedTuple):
    """What an INVITE is to be, and where it goes."""

    uri: str
    remote: Address
    require: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    direction: str = "sendrecv"
    call_id: str = ""


class Call:
    """One call over two links. `old` is the one that it is on, `new` the one that a handover moves it to.

    When that is done, and until the next handover begins, it is on the new one.
    """

    def __init__(
        self,
        peer: dict[str, Any],
        user: str,
        links: tuple[Link, Link],
        samples: bytes,
        random: Random,
        home: dict[str, Any] | None = None,
        registrar: dict[str, Any] | None = None,
        settings: MediaSettings = MediaSettings(),  # noqa: B008 - immutable
    ) -> None:
        """`home` and `registrar`, if there are any: where B2BUA and registrar are, and what they know the user by.

        What the peer itself knows the user by, if it does, is its `account`; for `session_timer_s` see
        `SessionInterval`. `keeps_alive`: somebody sends keep-alives for it.
        """
        #: For the driver, the oldest first.
        self.commands: list[Command] = []
        self._next_port = FIRST_MEDIA_PORT
        self.old, self.new = links
        #: The link that the call is on: its scheme moves it.
        self.link = self.old
        calling = [account for account in (home, peer.get("account")) if account is not None]
        self.credentials = own_credentials(calling, registrar, random)
        interval, keeps = SessionInterval.of(peer), peer.get("keeps_alive", False)
        abilities = Abilities((OPTION_TAG,), product=PRODUCT, session_interval=interval, keeps_alive=keeps)
        #: Neither the B2BUA nor the peer changes its host during a call.
        self.guard = PeerGuard()
        self.ua = UserAgent(random, abilities, credentials=self.credentials, guard=self.guard)
        self._settings = settings
        self.media = CallMedia(samples, random, f"{user}@{self.old.address}", settings, self.tell)
        self.partings = Partings(links, self.tell)
        #: Media by way of a server, where there is one.
        self.relay: RelayedMedia | None = None
        #: Media over pairs that are checked before, where the scheme wants that.
        self.checks: CheckedMedia | None = None
        self.session: Session | None = None
        self._peer = Address(peer["address"], peer["port"])
        self._proxy = self._peer if home is None else Address(home["address"], home["port"])
        self._peer_uri = f"sip:{peer['user']}@{self._peer.host}"
        self._user = user
        self._aor = ""
        self._random = random
        # Every session that is not over, with the last description that we sent in it.
        self._sent: dict[Session, SessionDescription] = {}
        # Where our media of each are; a description that has taken its stream away does not say so.
        self._places: dict[Session, Address] = {}
        # Of media that have moved already, while no description says so.
        self._unsent: SessionDescription | None = None
        #: When media go over both links, where a second dialog stands by.
        self.copies = settings.copies

    @property
    def current(self) -> Session:
        """The session that carries the call; raises RuntimeError before there is one."""
        if self.session is None:
            raise RuntimeError("there is no call yet")
        return self.session

    @property
    def is_up(self) -> bool:
        """Whether the peer has answered, and nobody has hung up."""
        return self.session is not None and self.session.state == "CONFIRMED"

    @property
    def sessions(self) -> list[Session]:
        """All that are not over, or were not when the last one began."""
        return list(self._sent)

    @property
    def has_sessions(self) -> bool:
        """Whether anything is left of the call, be it a BYE that waits for its answer."""
        return any(session.state != "TERMINATED" for session in self._sent)

    # -- the call itself ----------------------------------------------------------------------------------------------

    def begin(self, *, require: tuple[str, ...], now: float, retry_of: Session | None = None) -> None:
        """Calls the peer over the old link. `require` names extensions without which there shall be no call."""
        # Who calls is the same in all of the call's dialogs, wherever it is by then (RFC 3261 8.1.1.3).
        self._aor = f"sip:{self._user}@{self.old.sip_address.host}"
        self.session = self._invite(self.old, _Wish(self._peer_uri, self._proxy, require), now, retry_of)

    def hang_up(self, *, now: float) -> None:
        """Ends the call and whatever a handover has begun."""
        self.media.stop(now=now)
        for session in list(self._sent):
            self.part(session, over=self.new if session.local.ip == self.new.address else self.old, now=now)

    def let_refresh(self, *, may: bool, now: float) -> None:
        """Whether session timers may refresh: not during a handover, where that would only bring glare (RFC 4028)."""
        for session in self._sent:
            session.let_refresh(may=may, now=now)

    def answer_reinvite(self, session: Session, *, now: float) -> None:
        """The peer changes the session (RFC 3261 14.2): our media stay where they are, and go to where it is now."""
        ours = session.local_sdp
        here = self._places[session] if is_emptied(ours) else media_address(SessionDescription.parse(ours or b""))
        end = self._settings.end(here, self._random.getrandbits(31))
        try:
            answer = make_answer(SessionDescription.parse(session.remote_sdp or b""), end, in_call=True)
        except (SdpParseError, NoCommonFormatError):
            session.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        self.media.declare(answer, offer=session.remote_sdp)
        if self.checks is not None:
            self.checks.repeat(answer, session.remote_sdp, now=now)
        answer.follow(self._sent[session])
        self._sent[session] = answer
        session.accept_reinvite(bytes(answer), now=now)
        self.send_media(session, now=now)

    # -- what a scheme can do -----------------------------------------------------------------------------------------

    def tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Leaves a line in the log; raises TypeError for facts that are not JSON."""
        for name, fact in facts.items():
            if not is_plain(fact):
                raise TypeError(
                    f"tell('{event}') got {name}={fact!r:.60}; give it text, numbers, lists or dicts of them"
                )
        self.commands.append(Tell(event, facts))

    @property
    def beside(self) -> Link:
        """The link that the call is not on."""
        return self.old if self.link is self.new else self.new

    def turn(self) -> None:
        """A handover has been done, and another one is to begin: back to where the call was before."""
        self.old, self.new = self.new, self.old
        self.media.forget_paths_to(self.new.address)

    def attach(self, link: Link) -> None:
        """Has the radio get onto this link's network, unless it is there or on its way."""
        if not link.is_usable and not link.is_attaching:
            link.is_attaching = True
            self.commands.append(Attach(link.name))

    def move(self, link: Link, *, now: float) -> bool:
        """Re-INVITE in the existing dialog over this link, with media there too (RFC 3261 14.1).

        The old address stays open: packets that are on their way to it are still taken (RFC 3264 8.3.1). Not possible,
        and False, while a change by the peer is under way: a ReinviteConfirmed tells when it is over.
        """
        session = self.current
        here = self._places[session]
        offer = self._offer(link, moved_from=here) if self._unsent is None else self._unsent
        offer.follow(self._sent[session])
        try:
            session.reinvite(bytes(offer), local=link.sip_address, contact=link.sip_address, now=now)
        except LocalProtocolError:
            return False
        self._take_part(session, offer)
        return True

    def move_media(self, link: Link) -> Leg | None:
        """Sends and takes the media over this link, and tells nobody: for a relay that learns (RFC 7362 4).

        A `move` to this link says so later. What is on its way to the old address is taken. None while we are on hold.
        """
        self._unsent = self._offer(link, moved_from=self._places[self.current])
        self._listen(self._unsent)
        return self.media.move(self.current, media_address(self._unsent))

    def move_relay(self, link: Link, *, now: float) -> bool:
        """Has the server that media go by way of take and send them over this link: `relay` says whether it does.

        A `move` says so later, with the description as it is. False where it can't: a `move` has to do without it.
        """
        if self.relay is None or not self.relay.move(link, now=now):
            return False
        self._unsent = self._sent[self.current].copy()
        return True

    def leave_relay(self) -> None:
        """A `move` takes the media from the server, which is still listened to."""
        if self.relay is not None:
            self.relay.leave()
        self._unsent = None

    def invite_to_hand_over(self, link: Link, *, standby: str | None = None, now: float) -> Session:
        """INVITE for a new dialog over this link, naming the current one in a Handover header (paper 4.3).

        It goes to the Contact of the current dialog's peer, not to an address of record, which may lead elsewhere
        (RFC 3891 4), and requires the extension: a peer without it would take it for a second call. `standby`: when
        media are to go there too; if nothing is said, from now on.
        """
        dialog = self.current.confirmed_dialog
        params = () if standby is None else ((STANDBY, standby),)
        header = HandoverHeader.of(dialog.id.call_id, dialog.id.local_tag, dialog.id.remote_tag, params)
        target = dialog.remote_target
        remote = Uri.parse(target).address or self._proxy
        return self._invite(link, _Wish(target, remote, (OPTION_TAG,), ((NAME, str(header)),)), now)

    def invite_beside(self, link: Link, *, now: float) -> Session:
        """INVITE over this link with the Call-ID of the call, for a session in reserve: `sendonly` (paper 4.1)."""
        wish = _Wish(self._peer_uri, self._proxy, direction="sendonly", call_id=self.current.call_id)
        return self._invite(link, wish, now)

    def resume(self, session: Session, link: Link, *, now: float) -> bool:
        """Re-INVITE in a session in reserve, with `sendrecv`; False while a change by the peer is under way."""
        offer = self._sent[session].copy()
        offer.media[0].direction = "sendrecv"
        offer.follow(self._sent[session])
        try:
            session.reinvite(bytes(offer), local=link.sip_address, now=now)
        except LocalProtocolError:
            return False
        self._sent[session] = offer
        return True

    def handed_over(self) -> None:
        """The handover has succeeded: the call is on the new link."""
        self.link = self.new
        self.tell("handover_done", link=self.new.name)

    def get_ready(self, session: Session, *, now: float) -> Leg | None:
        """As `send_media`, but this session stands ready: see `LegReadiness`."""
        self.media.get_ready(session, self.copies, leads=True, now=now)
        leg = self.send_media(session, now=now)
        if leg is None:
            self.media.drop(session, now=now)
        return leg

    def send_media(self, session: Session, *, now: float) -> Leg | None:
        """Sends on the leg of this session too, as its description and the peer's agree; None if they don't."""
        if self.checks is not None:
            self.checks.learn(session.remote_sdp, now=now)
        leg = self.media.agree(session, session.local_sdp, session.remote_sdp, now=now)
        if leg is not None and self.relay is not None and leg.local == self.relay.address:
            self.relay.bind(leg.remote, now=now)
        return leg

    def reports_of(self, leg: Leg) -> RtcpSession | None:
        """What is reported to us of this leg, by the peer or by the B2BUA that hears it instead."""
        return self.media.reports.on_path(leg.path)

    def part(self, session: Session, *, over: Link, now: float) -> None:
        """Ends a session: BYE over this link and, when that brings no answer, over the other one (paper 4.3)."""
        self.media.drop(session, now=now)
        self.partings.begin(session, over=over, now=now)

    # -- for the role -------------------------------------------------------------------------------------------------

    def open_sip(self, link: Link) -> None:
        """Listens for SIP on a link that has got its address."""
        self.commands.append(Open(link.sip_address))

    def go_by_way_of(self, server: dict[str, Any]) -> None:
        """Media go by way of a TURN server: see `RelayedMedia`."""
        from agents.roles.mn.call.relayed_media import RelayedMedia  # noqa: PLC0415 - hashlib takes its time

        # Not patient: what the server answers is waited for.
        self.relay = RelayedMedia(server, self._take_port(), self._random, self._open_relayed, self.tell)

    def check_pairs(self) -> None:
        """Media go over pairs that are checked before: see `CheckedMedia`."""
        from agents.roles.mn.call.checked_media import CheckedMedia  # noqa: PLC0415 - as above

        self.checks = CheckedMedia(self._random, self.tell)

    @property
    def below(self) -> RelayedMedia | CheckedMedia | None:
        """What media go through on their way out and in, where there is anything."""
        return self.relay or self.checks

    def has_place(self, link: Link, *, now: float) -> bool:
        """Whether it is known where media are taken; where a server is asked first, it has been from now on."""
        if self.relay is None:
            return True
        self.relay.ask(link, self._peer.ip, now=now)
        return self.relay.is_settled

    def receive_media(self, data: bytes, *, local: Address, remote: Address, now: float, came: float) -> None:
        """A datagram that is no SIP, and when the kernel got it."""
        if self.below is None:
            self.media.receive_datagram(data, local=local, remote=remote, came=came)
        elif (found := self.below.taken(data, local=local, remote=remote, now=now)) is not None:
            payload, here, there = found
            self.media.receive_datagram(payload, local=here, remote=there, came=came)

    def media_to_send(self) -> list[Datagram]:
        """What is to be sent now and is no SIP."""
        media = self.media.datagrams_to_send()
        return media if self.below is None else self.below.sent(media)

    def _invite(self, link: Link, wish: _Wish, now: float, retry_of: Session | None = None) -> Session:
        offer = self._offer(link)
        if wish.direction != "sendrecv":
            offer.media[0].direction = wish.direction
        invitation = Invitation(
            request_uri=wish.uri,
            from_=f"<{self._aor}>",
            to=f"<{self._peer_uri}>",
            contact=link.sip_address,
            body=bytes(offer),
            require=wish.require,
            headers=wish.headers,
            call_id=wish.call_id,
        )
        session = self.ua.invite(invitation, local=link.sip_address, remote=wish.remote, now=now, retry_of=retry_of)
        self._take_part(session, offer)
        return session

    def _offer(self, link: Link, *, moved_from: Address | None = None) -> SessionDescription:
        """An offer of media on this link, at a port of its own; the session's may have been elsewhere before."""
        session_id = self._random.getrandbits(31)
        at = None if self.relay is None else self.relay.address
        at = at or Address(link.address, self._next_port)
        offer = make_offer(self._settings.end(at, session_id))
        self.media.declare(offer, moved_from=moved_from)
        if self.checks is not None:
            self.checks.restart(offer)
        return offer

    def _take_part(self, session: Session, offer: SessionDescription) -> None:
        """The offer is out: its port is listened to from now on (RFC 3264 5.1)."""
        self._sent = {known: sent for known, sent in self._sent.items() if known.state != "TERMINATED"}
        self._sent[session] = offer
        self._places = {known: at for known, at in self._places.items() if known in self._sent}
        self._places[session] = media_address(offer)
        if offer is not self._unsent:
            self._listen(offer)
        self._unsent = None

    def _listen(self, offer: SessionDescription) -> None:
        media = media_address(offer)
        if self.relay is None or media != self.relay.address:
            self._take_port()
            self._open_media(media)
        self.media.listen(media, self._peer.ip, self._proxy.ip)

    def _take_port(self) -> int:
        taken = self._next_port
        self._next_port = FIRST_MEDIA_PORT + (taken + 2 - FIRST_MEDIA_PORT) % MEDIA_PORTS
        return taken

    def _open_relayed(self, at: Address) -> None:
        self.commands += [Open(at, is_media=True), Open(control_of(at), is_media=True)]

    def _open_media(self, at: Address) -> None:
        is_patient = self.checks is None  # a check is to be answered at once
        self.commands += [Open(one, is_patient=is_patient, is_media=not is_patient) for one in (at, control_of(at))]
