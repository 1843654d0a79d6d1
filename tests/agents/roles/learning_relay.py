"""A proxy with a media relay that learns (RFC 7362), as Kamailio and rtpengine are for a call: a fake, in one piece.

Both ends take it for their peer: it writes itself into Contact and SDP. What comes to one of its media ports goes out
of the other one, to wherever media came from last.
"""

from __future__ import annotations

import re

from agents.roles.quiet_role import QuietRole
from agents.roles.role import Open
from agents.sip.message.address import Address, Datagram

#: Where the MN's media come to, and the CN's. As long as the ports that they stand for: SDP keeps its length.
MN_PORT, CN_PORT = 40000, 40002


class LearningRelay(QuietRole):
    """A role. The mobile node is whoever is not the CN."""

    def __init__(self, ip: str, cn_ip: str, *, learns: bool) -> None:
        super().__init__()
        self._ip, self._learns = ip, learns
        self._cn = Address(cn_ip, 5060)
        self._sip = Address(ip, 5060)
        self._mn: Address | None = None
        #: Where media go to, by the port that those of the other way come to.
        self._ends: dict[int, Address] = {}
        self._commands += [Open(Address(ip, port)) for port in (5060, MN_PORT, CN_PORT)]

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        is_from_cn = remote.ip == self._cn.ip
        if local != self._sip:
            ours, other = (CN_PORT, MN_PORT) if is_from_cn else (MN_PORT, CN_PORT)
            assert local.port == ours
            if self._learns:
                self._ends[other] = remote
            if ours in self._ends:
                self._sending.append(Datagram(Address(self._ip, other), self._ends[ours], data))
            return
        if not is_from_cn:
            self._mn = remote
        to = self._mn if is_from_cn else self._cn
        assert to is not None
        self._sending.append(Datagram(self._sip, to, self._rewritten(data, CN_PORT if is_from_cn else MN_PORT)))

    def _rewritten(self, data: bytes, ours: int) -> bytes:
        """Contact and SDP name us; where the sender takes its media is where those of the other end go."""
        other = MN_PORT if ours == CN_PORT else CN_PORT
        found = re.search(rb"c=IN IP4 (\S+)(?s:.*)m=audio (\d+)", data)
        if found is not None:
            self._ends[other] = Address(found[1].decode(), int(found[2]))
        data = re.sub(rb"(Contact: <sip:\w+@|c=IN IP4 )[\d.]+", rb"\g<1>" + self._ip.encode(), data)
        return re.sub(rb"m=audio \d+", b"m=audio %d" % other, data)
