"""A leg: the media of one SIP session, as its two session descriptions agree on them (RFC 3264 6, 7)."""

from __future__ import annotations

from typing import NamedTuple

from agents.sdp.audio import Numbering, agreed_numbering, agreed_stream
from agents.sdp.description import SessionDescription
from agents.sdp.errors import SdpParseError
from agents.sip.message.address import Address, ip_literal


class Leg(NamedTuple):
    """Where media of one session go from and to."""

    local: Address
    remote: Address

    @property
    def path(self) -> str:
        """What the receiver calls the way between the two hosts; ports don't matter, the way is the same."""
        return f"{self.remote.ip}>{self.local.ip}"


class Agreed(NamedTuple):
    """What two session descriptions mean for the media: the leg, whether we may send on it, in which formats.

    `is_heard`: whether the peer is expected to speak there.
    """

    leg: Leg
    may_send: bool
    numbering: Numbering
    is_heard: bool = True


def agreed_leg(ours: bytes | None, theirs: bytes | None) -> Agreed | None:
    """What two session descriptions mean for the media.

    None when they have no stream in common. Not done: host names in c=, somebody would have to look them up.
    """
    try:
        local, remote = SessionDescription.parse(ours or b""), SessionDescription.parse(theirs or b"")
    except SdpParseError:
        return None
    stream = agreed_stream(local, remote)
    ip = None if stream is None else ip_literal(stream.address)
    if stream is None or ip is None:
        return None
    numbering = agreed_numbering(local, remote)
    if not numbering.sends:
        return None
    leg = Leg(media_address(local), Address(ip, stream.port))
    return Agreed(leg, stream.may_send, numbering, stream.may_receive)


def is_emptied(ours: bytes | None) -> bool:
    """Whether a description of ours has no stream any more (RFC 3264 8.2)."""
    try:
        return not any(media.port for media in SessionDescription.parse(ours or b"").media)
    except SdpParseError:
        return False


def media_address(ours: SessionDescription) -> Address:
    """Where a description of ours says that its stream is taken: the one that is not refused."""
    media = next(media for media in ours.media if media.port)
    return Address(media.address or "", media.port)
