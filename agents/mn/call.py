"""The mobile node's call, and what a handover scheme can do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.role import Attach, Open, Tell
from agents.rtp.legs import CallMedia, Leg
from agents.sdp.audio import PCMU, Endpoint, agreed_stream, make_offer
from agents.sdp.description import SessionDescription
from agents.sip.abilities import Abilities
from agents.sip.address import Address
from agents.sip.handover import NAME, OPTION_TAG, Handover
from agents.sip.user_agent import Invitation, UserAgent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from agents.mn.links import Link
    from agents.role import Command
    from agents.sip.session import Session

SIP_PORT = 5060
FIRST_MEDIA_PORT = 20000
PRODUCT = "testbed-mn"


class Call:
    """One call over two links. `old` is the link that it began on, `new` the one that a handover moves it to."""

    def __init__(
        self, peer: dict[str, Any], user: str, links: tuple[Link, Link], samples: bytes, random: Random
    ) -> None:
        self.old, self.new = links
        self.ua = UserAgent(random, Abilities(supported=(OPTION_TAG,), product=PRODUCT))
        self.media = CallMedia(samples, random)
        self.session: Session | None = None
        self.setup_s: float | None = None
        """From INVITE to 200, which is a round trip and the peer's time to answer; None before the 200."""
        self.begun_at = 0.0
        self.peer = Address(peer["address"], peer["port"])
        self._peer_uri = f"sip:{peer['user']}@{self.peer.ip}"
        self._user = user
        self._random = random
        self._next_port = FIRST_MEDIA_PORT
        self._descriptions: dict[Session, tuple[SessionDescription, Address]] = {}
        self._commands: list[Command] = []

    @property
    def current(self) -> Session:
        """The session that carries the call; raises RuntimeError before there is one."""
        if self.session is None:
            raise RuntimeError("there is no call yet")
        return self.session

    # -- the call itself ----------------------------------------------------------------------------------------------

    def begin(self, *, require: Sequence[str], now: float) -> None:
        """Calls the peer over the old link. `require` names extensions without which there shall be no call."""
        self.begun_at = now
        self.session = self._invite(self.old, self._peer_uri, tuple(require), (), now)

    def hang_up(self, *, now: float) -> None:
        """Ends the call and whatever a handover has begun."""
        self.media.stop()
        for session in self.ua.sessions:
            session.hang_up(now=now)

    @staticmethod
    def address(link: Link) -> Address:
        """Where we speak SIP on a link."""
        return Address(link.address, SIP_PORT)

    # -- what a scheme can do -----------------------------------------------------------------------------------------

    def tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Leaves a line in the log."""
        self._commands.append(Tell(event, facts))

    def attach(self, link: Link) -> None:
        """Has the radio get onto this link's network, unless it is there or on its way."""
        if not link.is_usable and not link.is_attaching:
            link.is_attaching = True
            self._commands.append(Attach(link.name))

    def move(self, link: Link, *, now: float) -> None:
        """Re-INVITE in the existing dialog over this link, with media there too (RFC 3261 14.1).

        The old address stays open: packets that are on their way to it are still taken (RFC 3264 8.3.1).
        """
        session = self.current
        offer, media = self._offer(link)
        previous, _ = self._descriptions[session]
        offer.follow(previous)
        self._descriptions[session] = (offer, media)
        local = self.address(link)
        session.reinvite(bytes(offer), local=local, contact=local, now=now)

    def invite_to_hand_over(self, link: Link, *, now: float) -> Session:
        """INVITE for a new dialog over this link, naming the current one in a Handover header (paper 4.3).

        It goes to the Contact of the current dialog's peer, not to an address of record, which may lead elsewhere
        (RFC 3891 4), and requires the extension: a peer without it would take it for a second call.
        """
        dialog = self.current.confirmed_dialog
        header = Handover.of(dialog.id.call_id, dialog.id.local_tag, dialog.id.remote_tag)
        return self._invite(link, str(dialog.remote_target), (OPTION_TAG,), ((NAME, str(header)),), now)

    def send_media(self, session: Session, name: str, *, now: float) -> None:
        """Sends on the leg of this session too, as its description and the peer's agree."""
        offer, media = self._descriptions[session]
        stream = agreed_stream(offer, SessionDescription.parse(session.remote_sdp or b""))
        if stream is not None and stream.may_send:
            self.media.send_on(name, Leg(media, Address(stream.address, stream.port)))
            self.media.start(now=now)

    # -- for the role -------------------------------------------------------------------------------------------------

    def open_sip(self, link: Link) -> None:
        """Listens for SIP on a link that has got its address."""
        self._commands.append(Open(self.address(link)))

    def next_command(self) -> Command | None:
        """The oldest command not yet taken."""
        return self._commands.pop(0) if self._commands else None

    def _invite(
        self, link: Link, uri: str, require: tuple[str, ...], headers: tuple[tuple[str, str], ...], now: float
    ) -> Session:
        offer, media = self._offer(link)
        local = self.address(link)
        invitation = Invitation(
            request_uri=uri,
            from_=f"<sip:{self._user}@{self.old.address}>",
            to=f"<{self._peer_uri}>",
            contact=local,
            body=bytes(offer),
            require=require,
            headers=headers,
        )
        session = self.ua.invite(invitation, local=local, remote=self.peer, now=now)
        self._descriptions[session] = (offer, media)
        return session

    def _offer(self, link: Link) -> tuple[SessionDescription, Address]:
        """An offer of media on this link, at a port of its own, which is listened to from now on (RFC 3264 5.1)."""
        media = Address(link.address, self._next_port)
        self._next_port += 2
        self._commands.append(Open(media, is_patient=True))
        self.media.listen(media)
        session_id = self._random.getrandbits(31)
        return make_offer(Endpoint(media.ip, media.port, session_id, formats=(PCMU,))), media
