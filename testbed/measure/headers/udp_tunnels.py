"""Packets and media in UDP datagrams: GTP-U, VXLAN, Geneve, L2TP, TZSP, Teredo, GRE, MPLS, TURN, HEP.

A datagram is a tunnel's by its port *and* its first bytes, so that RTP to such a port (version 2) stays what it is.
Sources: 3GPP TS 29.281, 5; RFC 7348; draft-ietf-nvo3-vxlan-gpe; RFC 8926, 3.4; RFC 2661, 3.1; RFC 4380, 5.1.1;
RFC 8086; RFC 7510; RFC 8656, 11.6 and 12.4. Not done: GTP version 0, TURN over TCP, CAPWAP.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.turn import TURN_PORT
from testbed.measure.capture.capture import words
from testbed.measure.headers.esp import ESP
from testbed.measure.headers.ethernet import IPV4, IPV6, MPLS
from testbed.measure.headers.peeled import (
    DATAGRAM,
    ETHERNET,
    FRAMED,
    HEP,
    LINK,
    PROTOCOL,
    RAW,
    UDP,
    UDP_TUNNELS,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Bytes, Ints
    from testbed.measure.headers.peeled import Findings, Peeled, Reader

_UDP = 8
_MEDIA_FROM = 0x80
"""RTP and RTCP begin with such a byte (version 2), no tunnel on just any port does."""
_MOST_EXTENSIONS, _MOST_TAGS, _MOST_ATTRIBUTES = 8, 32, 16
_EXTENSION, _ANY_OPTION = 0x04, 0x07  # GTP's flags E; E, S or PN
_LENGTH, _SEQUENCE, _OFFSET = 0x4000, 0x0800, 0x0200  # L2TP's flags
_TZSP_PADDING, _TZSP_END = 0, 1
_MAGIC_COOKIE, _DATA_ATTRIBUTE = 0x2112A442, 0x0013


class Tunnel(NamedTuple):
    """A kind of tunnel: its name, its ports (none: any), and what holds of datagrams of it that have `least` bytes.

    `read` steps over its header; where there is none, it is not read, and told by its name.
    """

    name: str
    ports: tuple[int, ...]
    least: int
    begins: Callable[[Bytes, Peeled], Booleans]
    read: Reader | None = None


def _all(*conditions: NDArray[Any]) -> Booleans:
    found: Booleans = np.logical_and.reduce(conditions)
    return found


def _is(kind: int, size: int) -> Reader:
    def read(_: Bytes, layer: Peeled, __: Findings) -> Peeled:
        return layer.next(size, kind)

    return read


def _is_gtp(data: Bytes, layer: Peeled) -> Booleans:
    """Version 1, a G-PDU."""
    return _all(data[layer.at] & 0xF0 == 0x30, data[layer.at + 1] == 255)


def _read_gtp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    flags = data[layer.at]
    at = layer.at + np.where(flags & _ANY_OPTION != 0, 12, 8)
    more = np.flatnonzero((flags & _EXTENSION != 0) & (at <= layer.end))
    for _ in range(_MOST_EXTENSIONS):
        more = more[data[at[more] - 1] != 0]
        more = more[at[more] < layer.end[more]]
        if not len(more):
            break
        at[more] += np.maximum(data[at[more]].astype(np.int64), 1) * 4
        more = more[at[more] <= layer.end[more]]
    return replace(layer, at=at).next(0, RAW)


def _is_vxlan(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] & 0x7F == 0x08, data[layer.at + 7] == 0)  # 0x80: group policy


def _is_gpe(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] & 0xFC == 0x0C, data[layer.at + 7] == 0)


def _read_gpe(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    return _numbered(layer.next(8, 0), data[layer.at + 3], {1: IPV4, 2: IPV6, 3: ETHERNET, 5: MPLS}, findings)


def _numbered(layer: Peeled, numbers: NDArray[Any], kinds: dict[int, int], findings: Findings) -> Peeled:
    """Return the packets whose next header has one of these numbers, with its kind."""
    kind = np.zeros(len(layer), dtype=np.int64)
    known = np.zeros(len(layer), dtype=np.bool_)
    for number, meant in kinds.items():
        kind[numbers == number] = meant
        known |= numbers == number
    return findings.keep(replace(layer, kind=kind), known, "tunnel with something that is not known")


def _is_geneve(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] >> 6 == 0, data[layer.at + 1] & 0x3F == 0, data[layer.at + 7] == 0)


def _read_geneve(data: Bytes, layer: Peeled, _: Findings) -> Peeled:
    protocol = words(data, ">u2")[layer.at + 2].astype(np.int64)
    size = 8 + 4 * (data[layer.at] & 0x3F).astype(np.int64)
    return layer.next(size, np.where(protocol == 0x6558, ETHERNET, protocol))


def _is_l2tp(data: Bytes, layer: Peeled) -> Booleans:
    """Version 2, and data: those of control are UDP like any other."""
    return _all(words(data, ">u2")[layer.at] & 0xB4FF == 2)


def _read_l2tp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    numbers = words(data, ">u2")
    flags = numbers[layer.at]
    size = 6 + np.where(flags & _LENGTH, 2, 0) + np.where(flags & _SEQUENCE, 4, 0) + np.where(flags & _OFFSET, 2, 0)
    whole = layer.at + size <= layer.end
    layer, size, flags = findings.keep(layer, whole, "cut off in the L2TP header"), size[whole], flags[whole]
    skipped = np.where(flags & _OFFSET, numbers[layer.at + size - 2], 0)
    return layer.next(size + skipped, LINK + 9)


def _is_tzsp(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] == 1, data[layer.at + 1] <= 1)  # received, or to be sent


def _read_tzsp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """TaZmen Sniffer Protocol: tags up to the last one, then a frame."""
    at, open_ = layer.at + 4, np.ones(len(layer), dtype=np.bool_)
    for _ in range(_MOST_TAGS):
        here = np.flatnonzero(open_ & (at + 2 <= layer.end))
        if not len(here):
            break
        tag, size = data[at[here]], data[at[here] + 1].astype(np.int64)
        at[here] += np.where(tag <= _TZSP_END, 1, 2 + size)
        open_[here[tag == _TZSP_END]] = False
    protocol = words(data, ">u2")[layer.at + 2]
    behind = findings.keep(replace(layer, at=at), ~open_, "cut off in the TZSP tags")
    kinds = {1: ETHERNET, 18: LINK + 105, 119: LINK + 119, 127: LINK + 163}
    return _numbered(behind, protocol[~open_], kinds, findings)


def _is_teredo(data: Bytes, layer: Peeled) -> Booleans:
    """IPv6, perhaps behind the indication of its origin."""
    behind = np.where(words(data, ">u2")[layer.at] == 0, 8, 0)
    return _all(data[layer.at + behind] >> 4 == 6)


def _read_teredo(data: Bytes, layer: Peeled, _: Findings) -> Peeled:
    return layer.next(np.where(data[layer.at] >> 4 == 6, 0, 8), IPV6)


def _is_gre(data: Bytes, layer: Peeled) -> Booleans:
    return _all(words(data, ">u2")[layer.at] & 0x4FFF == 0)


def _is_no_media(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] >> 6 != 2)


def _udp_payload(data: Bytes, layer: Peeled) -> Ints:
    """Return how many bytes the datagrams carry."""
    length: Ints = words(data, ">u2")[layer.ports + 4].astype(np.int64) - _UDP
    return length


def _is_channel(data: Bytes, layer: Peeled) -> Booleans:
    """A channel's number (RFC 5766, 11) and the length of all that there is, padded or not; on just any port: media."""
    rest = _udp_payload(data, layer) - 4 - words(data, ">u2")[layer.at + 2]
    ports = words(data, ">u2")
    to_server = (ports[layer.ports] == TURN_PORT) | (ports[layer.ports + 2] == TURN_PORT)
    return _all(data[layer.at] >> 6 == 1, rest >= 0, rest < 4, to_server | (data[layer.at + 4] >> 6 == 2))


def _is_indication(data: Bytes, layer: Peeled) -> Booleans:
    """Send or Data (RFC 8656, 18.1)."""
    kind = words(data, ">u2")[layer.at]
    return _all(kind | 1 == 0x0017, words(data, ">u4")[layer.at + 4] == _MAGIC_COOKIE)


def _read_indication(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """STUN attributes (RFC 8489, 14) up to the one that has the data."""
    numbers, at = words(data, ">u2"), layer.at + 20
    found = np.zeros(len(layer), dtype=np.bool_)
    for _ in range(_MOST_ATTRIBUTES):
        here = np.flatnonzero(~found & (at + 4 <= layer.end))
        if not len(here):
            break
        found[here] = numbers[at[here]] == _DATA_ATTRIBUTE
        size = (numbers[at[here] + 2].astype(np.int64) + 3) // 4 * 4
        at[here] += np.where(found[here], 4, 4 + size)
    return findings.without(replace(layer, at=at), ~found, "TURN indications without data").next(0, FRAMED)


WIREGUARD = "WireGuard (encrypted)"
"""What its data messages are counted as."""


def _is_hep(data: Bytes, layer: Peeled) -> Booleans:
    return _all(words(data, ">u4")[layer.at] == 0x48455033)  # "HEP3"


def _is_old_hep(data: Bytes, layer: Peeled) -> Booleans:
    """Version 1 or 2, IPv4 or IPv6, UDP or TCP."""
    version, family, protocol = (data[layer.at + place] for place in (0, 2, 3))
    return _all(np.isin(version, (1, 2)), np.isin(family, (2, 10)), np.isin(protocol, (6, 17)))


def _is_esp(data: Bytes, layer: Peeled) -> Booleans:
    return _all(words(data, ">u4")[layer.at] != 0)  # RFC 3948, 2.2: 0 is IKE


def _is_wireguard(data: Bytes, layer: Peeled) -> Booleans:
    return _all(words(data, "<u4")[layer.at] == 4)


def _is_dtls(data: Bytes, layer: Peeled) -> Booleans:
    return _all(data[layer.at] == 23, data[layer.at + 1] == 0xFE)  # application data (RFC 6347, 4.1)


TUNNELS = (
    Tunnel("GTP-U", (2152,), 8, _is_gtp, _read_gtp),
    Tunnel("VXLAN", (4789, 8472), 8, _is_vxlan, _is(ETHERNET, 8)),  # 8472: Linux's, from before there was one
    Tunnel("VXLAN-GPE", (4790,), 8, _is_gpe, _read_gpe),
    Tunnel("Geneve", (6081,), 8, _is_geneve, _read_geneve),
    Tunnel("L2TP", (1701,), 6, _is_l2tp, _read_l2tp),
    Tunnel("TZSP", (37008,), 4, _is_tzsp, _read_tzsp),
    Tunnel("Teredo", (3544,), 9, _is_teredo, _read_teredo),
    Tunnel("GRE in UDP", (4754,), 4, _is_gre, _is(PROTOCOL + 47, 0)),
    Tunnel("MPLS in UDP", (6635,), 4, _is_no_media, _is(MPLS, 0)),
    Tunnel("HEP", (9060, 9061), 16, _is_old_hep, _is(HEP, 0)),
    Tunnel("ESP in UDP", (4500,), 12, _is_esp, _is(ESP, 0)),
    Tunnel(WIREGUARD, (51820,), 32, _is_wireguard),
    Tunnel("CAPWAP", (5247,), 8, _is_no_media),
    Tunnel("TURN ChannelData", (), 5, _is_channel, _is(FRAMED, 4)),
    Tunnel("TURN indication", (), 20, _is_indication, _read_indication),
    Tunnel("HEP", (), 6, _is_hep, _is(HEP, 0)),
    Tunnel("DTLS (encrypted)", (), 13, _is_dtls),
)

_KNOWN_PORTS = np.zeros(0x10000, dtype=np.bool_)
_KNOWN_PORTS[[port for tunnel in TUNNELS for port in tunnel.ports]] = True


def _read_udp(data: Bytes, layer: Peeled, findings: Findings) -> Peeled:
    """A datagram, and whether it is a tunnel's."""
    layer = findings.whole(layer, _UDP, "UDP")
    behind = layer.next(_UDP, DATAGRAM, ports=layer.at)
    ports = words(data, ">u4")[layer.at].astype(np.uint32)
    may = _KNOWN_PORTS[ports >> 16] | _KNOWN_PORTS[ports & 0xFFFF] | (data.take(behind.at, mode="clip") < _MEDIA_FROM)
    return _sorted_out(data, behind, np.flatnonzero(may & (behind.at < behind.end)))


def _sorted_out(data: Bytes, behind: Peeled, may: Ints) -> Peeled:
    """Say of the datagrams at these positions what kind of tunnel they are of, if they are."""
    for number, tunnel in enumerate(TUNNELS):
        if not len(may):
            break
        mine = _of(data, behind.pick(may), tunnel)
        behind.kind[may[mine]] = UDP_TUNNELS + number
        may = may[~mine]
    return behind


def _of(data: Bytes, layer: Peeled, tunnel: Tunnel) -> Booleans:
    """Return which datagrams are of a tunnel."""
    found = layer.at + tunnel.least <= layer.end
    if tunnel.ports:
        numbers = words(data, ">u2")
        found &= np.isin(numbers[layer.ports], tunnel.ports) | np.isin(numbers[layer.ports + 2], tunnel.ports)
    if found.any():
        found[found] = tunnel.begins(data, layer.pick(found))
    return found


STEPS = {
    UDP: Step(_read_udp),
    **{
        UDP_TUNNELS + number: Step(tunnel.read, tunnel.name)
        for number, tunnel in enumerate(TUNNELS)
        if tunnel.read is not None
    },
}
NOT_READ = {UDP_TUNNELS + number: tunnel.name for number, tunnel in enumerate(TUNNELS) if tunnel.read is None}
HIDDEN = {number for number, name in NOT_READ.items() if name == WIREGUARD}
"""Those that say in clear which packet of their session they are."""
