"""IPv4 and IPv6 with their options and extensions, and the authentication header (RFC 791, RFC 8200, RFC 4302).

Pieces of packets are set aside, for `fragments`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4, IPV6
from testbed.measure.headers.peeled import PROTOCOL, UDP, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled

_WHOLE, _FIRST, _LATER = 0, 1, 2
_FRAGMENT = 44
_EXTENSIONS = (0, 43, _FRAGMENT, 60)  # hop-by-hop, routing, fragment, destination options
_MOST_EXTENSIONS = 8

NO_MEDIA = {
    PROTOCOL + number: name
    for number, name in {
        1: "ICMP",
        2: "IGMP",
        46: "RSVP",
        58: "ICMPv6",
        59: "IPv6 without a next header",
        88: "EIGRP",
        89: "OSPF",
        103: "PIM",
        112: "VRRP",
        135: "IPv6 mobility",
    }.items()
}
NOT_READ = {
    PROTOCOL + 33: "DCCP",
    PROTOCOL + 108: "IPComp (compressed)",
    PROTOCOL + 115: "L2TP version 3",
    PROTOCOL + 132: "SCTP",
    PROTOCOL + 136: "UDP-Lite",
}


def _read_ipv4(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Step over IPv4 headers with their options; damaged headers are left out."""
    layer = findings.whole(layer, 20, "IP")
    at = layer.at
    first, total, _, pieces, protocol = words(data, "V10")[at].view(">u2").reshape(-1, 5).T.astype(np.int64)
    header = (first >> 8 & 15) * 4
    good = (first >> 12 == 4) & (header >= 20) & (at + header <= layer.end)
    behind = layer.next(header, PROTOCOL + (protocol & 0xFF), end=_ip_end(layer, total, 0), ip=at)
    behind = findings.keep(behind, good, "damaged IP header")
    if not (pieces & 0x3FFF).any():
        return behind
    place = np.where(pieces & 0x1FFF != 0, _LATER, np.where(pieces & 0x2000 != 0, _FIRST, _WHOLE))
    return _without_pieces(behind, place[good], findings)


def _read_ipv6(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Step over IPv6 headers and their extensions, in a later fragment up to its payload; damaged ones are left out."""
    layer = findings.whole(layer, 40, "IP")
    numbers, ip = words(data, ">u2"), layer.at
    end = _ip_end(layer, numbers[ip + 4].astype(np.int64) + 40, 40)
    at, kind = ip + 40, data[ip + 6].astype(np.int64)
    place = np.zeros(len(at), dtype=np.int64)
    for _ in range(_MOST_EXTENSIONS):
        extended = np.flatnonzero(np.isin(kind, _EXTENSIONS) & (at + 8 <= end) & (place != _LATER))
        if not len(extended):
            break
        here, is_fragment = at[extended], kind[extended] == _FRAGMENT
        pieces = numbers[here + 2].astype(np.int64)
        piece = np.where(pieces >> 3, _LATER, np.where(pieces & 1, _FIRST, _WHOLE))
        place[extended] = np.where(is_fragment, piece, place[extended])
        kind[extended] = data[here]
        at[extended] += np.where(is_fragment, 8, (data[here + 1].astype(np.int64) + 1) * 8)
    good = data[ip] >> 4 == 6
    behind = findings.keep(replace(layer, at=at, kind=PROTOCOL + kind, end=end, ip=ip), good, "damaged IP header")
    return _without_pieces(behind, place[good], findings) if place.any() else behind


def _ip_end(layer: Peeled, total: Ints, empty: int) -> Ints:
    """Return where the IP packet ends: what follows it in the frame is padding.

    A packet said to be `empty` was captured before segmentation offload filled in its length: take what is there.
    """
    return np.where(total == empty, layer.end, np.minimum(layer.end, layer.at + total))


def _without_pieces(layer: Peeled, place: NDArray[Any], findings: Findings) -> Peeled:
    """Set fragments aside, and return the packets that are whole, and the first pieces of datagrams.

    What is in the first piece of something else is in a piece again; it is read when that was put together.
    """
    is_piece = place != _WHOLE
    aside = layer.pick(is_piece & ~layer.fragment)
    findings.pieces.append(aside)
    is_first = (place == _FIRST) & (layer.kind == UDP) & ~layer.fragment
    return replace(layer, fragment=layer.fragment | is_first).pick(~is_piece | is_first)


def _read_authentication(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """RFC 4302, 2: what follows is not encrypted."""
    layer = findings.whole(layer, 12, "AH")
    return layer.next((data[layer.at + 1].astype(np.int64) + 2) * 4, PROTOCOL + data[layer.at].astype(np.int64))


STEPS = {
    IPV4: Step(_read_ipv4),
    IPV6: Step(_read_ipv6),
    PROTOCOL + 51: Step(_read_authentication, "AH"),
}
