"""Media over pairs that were checked: ICE below a call (RFC 8445, 8839).

For whoever talks and listens, there is one address of ours and one of the peer's, as descriptions have them. What is
sent there goes over the pair that was nominated, what comes over such a pair comes from there; and before there is a
pair nothing is sent. So after a restart media stay where they are until there is another pair. RTP and RTCP are
components of their own, on two ports side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.ice.candidate import RTCP, RTP, IceParseError
from agents.ice.ice_agent import ChecksFailed, IceAgent, PairsSelected
from agents.ice.ice_description import IceDescription
from agents.media.leg import media_address
from agents.media.reports import control_of
from agents.sdp.description import SessionDescription
from agents.sdp.errors import SdpParseError
from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import is_stun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from agents.sdp.description import Media


class CheckedMedia:
    """The agent of one call, which we make."""

    def __init__(self, random: Random, tell: Callable[..., None]) -> None:
        self._agent = IceAgent(random, is_controlling=True)
        self._tell = tell
        # What is the peer's, as its description has it, by both ends of the pairs that were nominated.
        self._named: dict[tuple[Address, Address], Address] = {}
        self._unsent = 0
        #: Whether the peer knows ICE; until it has said so, and when it does not, media go as in any call.
        self.is_on = False
        #: Whether the checks of a restart have come to nothing.
        self.has_failed = False

    @property
    def is_restarting(self) -> bool:
        """Whether media wait for other pairs."""
        return self._agent.is_restarting

    # -- what a call can do --------------------------------------------------------------------------------------------

    def restart(self, offer: SessionDescription) -> None:
        """Puts into an offer of ours who we are in the checks that follow it, as never before (RFC 8839 4.4.1.1)."""
        self.has_failed = False
        self._agent.restart(_components(media_address(offer))).write(_stream(offer))

    def repeat(self, answer: SessionDescription, offer: bytes | None, *, now: float) -> None:
        """Puts into an answer of ours what we have said before; a peer that restarts is answered by a restart."""
        try:
            theirs = _read(offer)
        except IceParseError:
            return
        ours, known = self._agent.ours, self._agent.theirs
        if theirs is None or ours is None or not any(media.port for media in answer.media):
            return
        if known is not None and (known.ufrag, known.pwd) != (theirs.ufrag, theirs.pwd):
            ours = self._agent.restart(_components(media_address(answer)))
            self._agent.take(theirs, now=now)
        ours.write(_stream(answer))

    def learn(self, theirs: bytes | None, *, now: float) -> bool:
        """The peer has answered: whether it knows ICE. If so checks begin, and media take what they come to."""
        if not self._agent.is_restarting:
            return self.is_on
        why = "no ICE in the answer"
        try:
            found = _read(theirs)
        except IceParseError as error:
            found, why = None, str(error)
        self.is_on = found is not None
        if found is None:
            self._agent.stay()
            self._tell("ice_absent", why=why)
        elif self._agent.theirs is None:
            for doubt in found.doubted:
                self._tell("ice_ignored", what=doubt)
            self._agent.take(found, now=now)
        return self.is_on

    def stay(self) -> None:
        """A restart has come to nothing: media go where they went before."""
        self._agent.stay()

    def release(self, *, now: float) -> None:
        """The call is over."""
        del now
        self._agent.stop()
        if self._agent.counts:
            self._tell("ice_refused", **{what.replace(" ", "_"): count for what, count in self._agent.counts.items()})
            self._agent.counts.clear()
        if self._unsent:
            self._tell("ice_unsent", packets=self._unsent)
            self._unsent = 0

    # -- in and out ----------------------------------------------------------------------------------------------------

    def taken(
        self, data: bytes, *, local: Address, remote: Address, now: float
    ) -> tuple[bytes, Address, Address] | None:
        """What came for us, with the ends that it has above; None of a check."""
        if is_stun(data):
            self._agent.receive_datagram(data, local=local, remote=remote, now=now)
            self._take_events()
            return None
        return data, local, self._named.get((local, remote), remote)

    def sent(self, datagrams: Iterable[Datagram]) -> list[Datagram]:
        """Those that leave now: checks, and media over their pairs."""
        out = self._agent.datagrams_to_send()
        for one in datagrams:
            pair = self._agent.selected(RTCP if one.local.port % 2 else RTP)
            if not self.is_on:
                out.append(one)
            elif pair is None:
                self._unsent += 1
            else:
                out.append(Datagram(pair.local, pair.remote, one.data))
        return out

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return self._agent.get_timer()

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self._agent.handle_timer(now=now)
        self._take_events()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _take_events(self) -> None:
        while (event := self._agent.next_event()) is not None:
            if isinstance(event, PairsSelected):
                theirs = self._agent.theirs
                for component, pair in event.pairs.items():
                    named = pair.remote if theirs is None else theirs.addresses[component]
                    self._named[pair.local, pair.remote] = named
                pair = event.pairs[RTP]
                self._tell("ice_selected", address=pair.local.ip, remote=pair.remote.hostport)
            elif isinstance(event, ChecksFailed):
                self.has_failed = True
                self._tell("ice_failed")
            else:
                self._tell("ice_consent_lost", component=event.component)


def _components(media: Address) -> dict[int, Address]:
    return {RTP: media, RTCP: control_of(media)}


def _stream(description: SessionDescription) -> Media:
    return next(media for media in description.media if media.port)


def _read(description: bytes | None) -> IceDescription | None:
    try:
        parsed = SessionDescription.parse(description or b"")
    except SdpParseError:
        return None
    stream = next((media for media in parsed.media if media.port), None)
    return None if stream is None else IceDescription.read(stream)
