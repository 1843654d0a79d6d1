"""Ethernet and what is behind it: tags, IEEE 802.2 with SNAP, PPPoE, MPLS.

Sources: IEEE 802.3, 802.1Q, 802.2; RFC 1042 (SNAP), RFC 2516 (PPPoE), RFC 3032 (MPLS), RFC 4448 (Ethernet over it).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.peeled import ETHERNET, LINK, LLC, Step, together

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled, Reader

IPV4, IPV6, MPLS, PPPOE = 0x0800, 0x86DD, 0x8847, 0x8864
_HEADER = 14
_LONGEST_LENGTH = 1500
"""Up to here the type field is a length, and IEEE 802.2 follows (IEEE 802.3, 3.2.6)."""
_MOST_LABELS = 16

NO_MEDIA = {
    0x0806: "ARP",
    0x0842: "Wake-on-LAN",
    0x2000: "CDP",
    0x8035: "RARP",
    0x8137: "IPX",
    0x8808: "Ethernet flow control",
    0x8809: "LACP",
    0x8863: "PPPoE discovery",
    0x888E: "EAPOL",
    0x8892: "PROFINET",
    0x88CC: "LLDP",
    0x88E1: "HomePlug",
    0x88F7: "PTP",
    0x8902: "Ethernet OAM",
    0x8912: "HomePlug",
    0x9000: "Ethernet loopback",
}
NOT_READ = {0x88E5: "MACsec (encrypted)"}

_SNAP = 0xAAAA03
_IP_IN_LLC = 0x060603
_KNOWN_OUIS = (0x000000, 0x0000F8, 0x00000C)
"""Those whose numbers are EtherTypes (RFC 1042, IEEE 802.1H), and Cisco's, which are none of IP's."""


def read_ethernet(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """An Ethernet frame."""
    layer = findings.whole(layer, _HEADER, "link")
    return _typed(layer, _HEADER, words(data, ">u2")[layer.at + 12].astype(np.int64))


def _typed(layer: Peeled, size: int, kind: Ints) -> Peeled:
    """Return what is behind a header that ends with an EtherType, or a length and then IEEE 802.2."""
    short = kind <= _LONGEST_LENGTH
    if not short.any():
        return layer.next(size, kind)
    end = np.where(short, np.minimum(layer.end, layer.at + size + kind), layer.end)
    return layer.next(size, np.where(short, LLC, kind), end=end)


def _tag(size: int) -> Reader:
    """Return what reads a tag of `size` bytes, the last two of them the next EtherType."""

    def read(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        layer = findings.whole(layer, size, "tag")
        return _typed(layer, size, words(data, ">u2")[layer.at + size - 2].astype(np.int64))

    return read


def _read_backbone_tag(_: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """IEEE 802.1ah: a whole frame is behind it."""
    return findings.whole(layer, 4, "tag").next(4, ETHERNET)


def read_llc(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """IEEE 802.2: SNAP has an EtherType, IP a number of its own; all else is no IP."""
    layer = findings.whole(layer, 3, "LLC")
    numbers = words(data, ">u2")
    head = numbers[layer.at].astype(np.int64) << 8 | data[layer.at + 2]
    is_snap, is_ip = head == _SNAP, head == _IP_IN_LLC
    findings.without(layer, ~is_snap & ~is_ip, "LLC without IP")
    plain, snap = layer.pick(is_ip), findings.whole(layer.pick(is_snap), 8, "SNAP")
    owner = data[snap.at + 3].astype(np.int64) << 16 | numbers[snap.at + 4]
    snap = findings.keep(snap, np.isin(owner, _KNOWN_OUIS), "SNAP of an organisation that is not known")
    return together([plain.next(3, IPV4), snap.next(8, numbers[snap.at + 6].astype(np.int64))])


def _read_pppoe(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """A packet of a session (RFC 2516, 4): version and type 1, code 0."""
    layer = findings.whole(layer, 6, "PPPoE")
    numbers = words(data, ">u2")
    layer = findings.keep(layer, numbers[layer.at] == 0x1100, "damaged PPPoE header")
    length = numbers[layer.at + 4].astype(np.int64)
    return layer.next(6, LINK + 9, end=np.minimum(layer.end, layer.at + 6 + length))


def _read_mpls(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Labels up to the last one (RFC 3032, 2.1). Nothing but its first bits says what is behind it (RFC 4928, 3)."""
    at, ended = layer.at.copy(), np.zeros(len(layer), dtype=np.bool_)
    for _ in range(_MOST_LABELS):
        here = np.flatnonzero(~ended & (at + 4 <= layer.end))
        if not len(here):
            break
        ended[here] = data[at[here] + 2] & 1 == 1
        at[here] += 4
    layer = findings.keep(replace(layer, at=at), ended & (at < layer.end), "cut off in the MPLS labels")
    version = data[layer.at] >> 4
    is_v4, is_v6 = version == 4, version == 6
    frames = layer.pick(~is_v4 & ~is_v6)
    return together(
        [layer.pick(is_v4).next(0, IPV4), layer.pick(is_v6).next(0, IPV6), _pseudowire(data, frames, findings)]
    )


def _pseudowire(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Ethernet over MPLS, with a control word before it (RFC 4448, 4.6) or without, as its EtherType fits."""
    layer = findings.whole(layer, _HEADER + 4, "pseudowire")
    bare = _looks_like_ethernet(data, layer.at)
    controlled = ~bare & (data[layer.at] >> 4 == 0) & _looks_like_ethernet(data, layer.at + 4)
    size = np.where(controlled, 4, 0)
    known = findings.keep(layer, bare | controlled, "MPLS with something that is not known")
    return known.next(size[bare | controlled], ETHERNET)


def _looks_like_ethernet(data: Bytes, at: Ints) -> Booleans:
    return np.isin(words(data, ">u2")[at + 12], _LIKELY_TYPES)


STEPS = {
    LLC: Step(read_llc, "LLC/SNAP"),
    0x8870: Step(read_llc, "LLC/SNAP"),  # in jumbo frames
    **dict.fromkeys((0x8100, 0x88A8, 0x9100, 0x9200), Step(_tag(4))),  # VLAN
    **dict.fromkeys((0x8926, 0x892F), Step(_tag(6))),  # VN-Tag, HSR
    0x88E7: Step(_read_backbone_tag),
    PPPOE: Step(_read_pppoe, "PPPoE"),
    MPLS: Step(_read_mpls, "MPLS"),
    0x8848: Step(_read_mpls, "MPLS"),
}
"""What comes next -> how it is read."""

_LIKELY_TYPES = np.array([IPV4, IPV6, 0x0806, *(kind for kind in STEPS if kind < LINK)])
