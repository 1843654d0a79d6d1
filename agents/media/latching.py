"""Ends behind a NAT: by what address they are known to their session, and from where their packets really come.

Who is behind one announces an address inside, where nobody outside can send to. So media go where they come from
(RFC 4961), and that is learnt from the first packet. RFC 7362 warns of it: whoever sends first would be the peer. So it
is done for those alone who have proved to the role who they are; the packet has to come from the host that their
signalling came from; and once learnt, an end stays what it is until new signalling comes from another place. Nothing is
sent before: behind a carrier's NAT, a port that is guessed is somebody else's.

All others know the end by the address that it has announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.reports import control_of
from agents.rtp.rtcp import is_rtcp

if TYPE_CHECKING:
    from agents.media.leg import Leg
    from agents.sip.message.address import Address, Datagram

_VERSION_2 = 2


class _End:
    """An end of a leg; `seen` is where its signalling came from, `real` where its packets do, once it is known."""

    __slots__ = ("announced", "is_open", "real", "seen")

    def __init__(self, announced: Address, seen: Address) -> None:
        self.announced = announced
        self.seen = seen
        self.real: Address | None = None
        self.is_open = True


class Latches:
    """The ends behind a NAT of one role's legs, by our own addresses."""

    def __init__(self) -> None:
        self._ends: dict[Address, list[_End]] = {}
        self.latched = 0
        """How often it was learnt where packets come from."""

    def expect(self, leg: Leg, seen: Address) -> None:
        """The end that a leg goes to is behind a NAT: signalling that proved who it is came from `seen`."""
        for local, announced in ((leg.local, leg.remote), (control_of(leg.local), control_of(leg.remote))):
            ends = self._ends.setdefault(local, [])
            known = next((one for one in ends if one.announced == announced), None)
            if known is None:
                ends.insert(0, _End(announced, seen))
            elif known.seen != seen:  # the NAT has forgotten it, or there is another one
                known.is_open = True
                known.seen = seen

    def forget(self, local: Address) -> None:
        """No leg has this address of ours any more."""
        for address in (local, control_of(local)):
            self._ends.pop(address, None)

    def inner(self, data: bytes, local: Address, remote: Address) -> Address:
        """By what address the sender of a packet is known that came to one of ours; its own, if by no other."""
        ends = self._ends.get(local)
        if ends is None:
            return remote
        for one in ends:
            if one.real == remote:
                return one.announced
        for one in ends:
            if one.is_open and one.seen.ip == remote.ip and _is_media(data, local):
                one.real, one.is_open = remote, False
                self.latched += 1
                return one.announced
        return remote

    def outer(self, local: Address, announced: Address) -> Address | None:
        """Where to send what is for an announced address; None while it is not known."""
        for one in self._ends.get(local, ()):
            if one.announced == announced:
                return one.real
        return announced

    def outward(self, datagrams: list[Datagram]) -> list[Datagram]:
        """To where they can be sent; those for ends not yet known are dropped."""
        if not self._ends:
            return datagrams
        found = []
        for one in datagrams:
            remote = self.outer(one.local, one.remote)
            if remote is not None:
                found.append(one if remote == one.remote else one._replace(remote=remote))
        return found


def _is_media(data: bytes, local: Address) -> bool:
    """Whether it is RTP, or RTCP where that is taken (RFC 3550 11: media ports are even)."""
    return is_rtcp(data) if local.port % 2 else len(data) > 1 and data[0] >> 6 == _VERSION_2
