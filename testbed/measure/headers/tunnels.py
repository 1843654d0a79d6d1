"""Packets in packets of IP: IP in IP, GRE with what is in it, ERSPAN, EtherIP, MPLS.

Sources: RFC 2003, RFC 2473, RFC 4213 (6in4), RFC 2784 and RFC 2890 (GRE), RFC 2637 (PPTP's GRE), RFC 3378
(EtherIP), RFC 4023 (MPLS), draft-foschiano-erspan-03.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4, IPV6, MPLS
from testbed.measure.headers.peeled import ERSPAN_2, ERSPAN_3, ETHERNET, LINK, OTHER, PROTOCOL, RAW, Step

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled, Reader

_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _ACKNOWLEDGED = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
_ETHERNET_IN_GRE, _ERSPAN_1_OR_2, _ERSPAN_3, _PPP_IN_GRE = 0x6558, 0x88BE, 0x22EB, 0x880B
_ERSPAN_1 = OTHER + 6


def _is(kind: int, size: int = 0) -> Reader:
    """Return what steps over `size` bytes to something that is always the same."""

    def read(_: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        return findings.whole(layer, size, "tunnel's").next(size, kind)

    return read


def read_gre(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """With checksum, key and sequence number where they are there (RFC 2890, 2; version 1: RFC 2637, 4.1)."""
    layer = findings.whole(layer, 4, "GRE")
    numbers = words(data, ">u2")
    flags = numbers[layer.at].astype(np.int64)
    known = (flags & 7 <= 1) & (flags & _ROUTING == 0)
    layer, flags = findings.keep(layer, known, "GRE of another version, or with routing"), flags[known]
    size = 4 + 4 * sum((flags & one != 0).astype(np.int64) for one in (_CHECKSUM, _KEY, _SEQUENCE))
    size += np.where((flags & 7 == 1) & (flags & _ACKNOWLEDGED != 0), 4, 0)
    protocol = numbers[layer.at + 2].astype(np.int64)
    is_empty = (flags & 7 == 1) & (flags & _SEQUENCE == 0)
    behind = layer.next(size, _in_gre(protocol, flags & _SEQUENCE != 0))
    return findings.without(behind, is_empty, "PPTP acknowledgements")


def _in_gre(protocol: Ints, numbered: Ints) -> Ints:
    kind = protocol.copy()
    kind[protocol == _ETHERNET_IN_GRE] = ETHERNET
    kind[protocol == _PPP_IN_GRE] = LINK + 9
    kind[protocol == _ERSPAN_3] = ERSPAN_3
    is_erspan = protocol == _ERSPAN_1_OR_2
    kind[is_erspan] = np.where(numbered[is_erspan], ERSPAN_2, _ERSPAN_1)  # type I has no header, and no number in GRE's
    return kind


def _read_erspan_3(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """12 bytes, 8 more where the last bit says so; the frame's type says whether it is Ethernet or IP alone."""
    layer = findings.whole(layer, 12, "ERSPAN")
    frame = data[layer.at + 10] >> 2 & 31
    size = np.where(data[layer.at + 11] & 1, 20, 12)
    known = (data[layer.at] >> 4 == 2) & ((frame == 0) | (frame == 2))
    layer = findings.keep(layer, known, "ERSPAN with something that is not known")
    return layer.next(size[known], np.where(frame[known] == 0, ETHERNET, RAW))


STEPS = {
    PROTOCOL + 4: Step(_is(IPV4), "IPv4 in IP"),
    PROTOCOL + 41: Step(_is(IPV6), "IPv6 in IP"),
    PROTOCOL + 47: Step(read_gre, "GRE"),
    PROTOCOL + 97: Step(_is(ETHERNET, 2), "EtherIP"),
    PROTOCOL + 137: Step(_is(MPLS)),
    PROTOCOL + 143: Step(_is(ETHERNET), "Ethernet in IPv6"),
    _ERSPAN_1: Step(_is(ETHERNET), "ERSPAN"),
    ERSPAN_2: Step(_is(ETHERNET, 8), "ERSPAN"),
    ERSPAN_3: Step(_read_erspan_3, "ERSPAN"),
}
