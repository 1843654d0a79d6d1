"""Link types (LINKTYPE_ numbers of tcpdump.org): which header a capture's packets begin with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4, IPV6, MPLS, PPPOE, read_ethernet
from testbed.measure.headers.peeled import ETHERNET, LINK, LLC, RAW, Step

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Bytes
    from testbed.measure.headers.peeled import Findings, Peeled, Reader

_INET = 2
_INET6 = (10, 23, 24, 28, 30)
"""AF_INET6 on Linux; Windows; NetBSD, OpenBSD; FreeBSD; macOS."""
_COOKED_LLC = 4
"""ETH_P_802_2."""
_MOST_ATTRIBUTES, _NFLOG_PACKET = 32, 9


def _after_family(size: int) -> Reader:
    """Return what reads a header of `size` bytes that begins with the protocol family.

    It is in the byte order of the machine that captured, or in the network's: families are small numbers.
    """

    def read(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        layer = findings.whole(layer, size, "link")
        family, other = words(data, "<u4")[layer.at], words(data, ">u4")[layer.at]
        family = np.minimum(family, other)
        is_v6 = np.isin(family, _INET6)
        known = is_v6 | (family == _INET)
        kinds = np.where(is_v6, IPV6, IPV4)[known]
        return findings.keep(layer, known, "loopback family that is not IP").next(size, kinds)

    return read


def _typed(size: int, at: int) -> Reader:
    """Return what reads a header of `size` bytes with an EtherType `at` a place in it."""

    def read(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        layer = findings.whole(layer, size, "link")
        kind = words(data, ">u2")[layer.at + at].astype(np.int64)
        return layer.next(size, np.where(kind == _COOKED_LLC, LLC, kind))

    return read


def _behind(size: int, kind: int) -> Reader:
    """Return what steps over `size` bytes that say nothing that is needed here."""

    def read(_: Bytes, layer: Peeled, findings: Findings) -> Peeled:
        return findings.whole(layer, size, "link").next(size, kind)

    return read


def _read_raw(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """IP of either version, as its first bits say."""
    layer = findings.whole(layer, 1, "link")
    version = data[layer.at] >> 4
    is_ip = (version == 4) | (version == 6)
    return findings.keep(layer, is_ip, "neither IPv4 nor IPv6").next(0, np.where(version[is_ip] == 4, IPV4, IPV6))


def _read_pflog(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """OpenBSD's filter: a header that says its length, filled up to 4 bytes, and then IP."""
    layer = findings.whole(layer, 4, "link")
    return layer.next((data[layer.at].astype(np.int64) + 3) // 4 * 4, RAW)


def _read_nflog(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """Linux's filter: attributes, each with its length and type in the writer's byte order, up to the packet's."""
    at, numbers = layer.at + 4, words(data, "<u2")
    found = np.zeros(len(layer), dtype=np.bool_)
    for _ in range(_MOST_ATTRIBUTES):
        here = np.flatnonzero(~found & (at + 4 <= layer.end))
        if not len(here):
            break
        found[here] = numbers[at[here] + 2] == _NFLOG_PACKET
        size = (np.maximum(numbers[at[here]].astype(np.int64), 4) + 3) // 4 * 4
        at[here] += np.where(found[here], 4, size)
    return findings.keep(replace(layer, at=at), found, "NFLOG without a packet").next(0, RAW)


def _read_pktap(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """macOS: a header that says its length and the link type of what follows."""
    layer = findings.whole(layer, 12, "link")
    numbers = words(data, "<u4")
    size, kind = (numbers[layer.at + place].astype(np.int64) for place in (0, 8))
    good = (size >= 12) & (size < 0x1000) & (kind < 0x10000)
    layer = findings.keep(layer, good, "damaged PKTAP header")
    return layer.next(size[good], LINK + kind[good])


STEPS = {
    LINK + 0: Step(_after_family(4), "BSD loopback"),
    ETHERNET: Step(read_ethernet),
    LINK + 12: Step(_read_raw),
    LINK + 14: Step(_read_raw),
    LINK + 51: Step(_behind(0, PPPOE)),
    LINK + 100: Step(_behind(0, LLC)),  # ATM, RFC 2684
    LINK + 101: Step(_read_raw),
    LINK + 108: Step(_after_family(4), "BSD loopback"),
    LINK + 109: Step(_after_family(12), "OpenBSD enc"),
    LINK + 6: Step(_behind(14, LLC)),  # Token Ring
    LINK + 10: Step(_behind(13, LLC)),  # FDDI
    LINK + 113: Step(_typed(16, 14)),  # Linux cooked
    LINK + 117: Step(_read_pflog),
    LINK + 138: Step(_typed(18, 16)),  # IEEE 1394
    LINK + 219: Step(_behind(0, MPLS)),
    LINK + 226: Step(_behind(24, RAW)),  # Solaris
    LINK + 228: Step(_read_raw),
    LINK + 229: Step(_read_raw),
    LINK + 239: Step(_read_nflog),
    LINK + 240: Step(_behind(4, ETHERNET)),  # netANALYZER
    LINK + 242: Step(_typed(44, 40)),  # IP over InfiniBand
    LINK + 258: Step(_read_pktap),
    LINK + 276: Step(_typed(20, 0)),  # Linux cooked, version 2
}
"""Beside those of `ppp` and `wlan`."""
