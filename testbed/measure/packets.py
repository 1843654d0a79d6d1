"""UDP datagrams out of captured frames: link, VLAN, IPv4 and IPv6 headers, decoded as arrays.

Sources: LINKTYPE_ pages of tcpdump.org, RFC 791, RFC 8200, RFC 768. Not done: reassembly of fragments (a first fragment
is flagged, later ones are counted), tunnels, IPsec.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure.capture import Bytes, Capture, Ints, words
from testbed.measure.grouping import group_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 1 << 18
"""Packets decoded at once: bounds the memory for the columns in between."""

ETHERNET, RAW, LINUX_COOKED, IPV4_ONLY, IPV6_ONLY, LINUX_COOKED_2 = 1, 101, 113, 228, 229, 276
RAW_TYPES = (RAW, 12, 14, IPV4_ONLY, IPV6_ONLY)
_VLAN_TYPES = (0x8100, 0x88A8, 0x9100)
_IPV4, _IPV6, _UDP = 0x0800, 0x86DD, 17
_FRAGMENT = 44
_EXTENSIONS = (0, 43, _FRAGMENT, 60)  # hop-by-hop, routing, fragment, destination options
_MOST_VLAN_TAGS, _MOST_EXTENSIONS = 4, 8


class Endpoint(NamedTuple):
    """A transport address."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """The columns of `Datagrams`."""

    packet: Ints
    source: NDArray[np.int32]
    destination: NDArray[np.int32]
    offset: Ints
    captured: Ints
    length: Ints
    fragment: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Datagrams(_Piece):
    """The UDP datagrams of a capture, in its order; one entry a datagram.

    `packet` is the row in the capture, `source` and `destination` index `endpoints`. The payload lies at `offset` in
    the capture's data; `captured` of its bytes are there, `length` were sent. `fragment`: only the first piece of it
    is here. `skipped` counts the packets that are no UDP datagram, by reason.
    """

    endpoints: tuple[Endpoint, ...]
    skipped: dict[str, int]

    def __len__(self) -> int:
        return len(self.packet)


@dataclass(slots=True)
class _Layer:
    """Of each packet: its row, where its next header begins and of what kind it is, where the data end.

    `ip` is where its IP header begins (once that was found), `fragment` whether it is the first piece of several.
    """

    row: Ints
    at: Ints
    kind: Ints
    end: Ints
    ip: Ints
    fragment: NDArray[np.bool_]

    def pick(self, which: NDArray[Any]) -> _Layer:
        """Return the packets that a mask or a list of positions names."""
        return _Layer(*(getattr(self, one.name)[which] for one in fields(self)))

    def merge(self, other: _Layer) -> _Layer:
        """Return the packets of both, in the capture's order."""
        both = (np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self))
        joined = _Layer(*both)
        return joined.pick(np.argsort(joined.row, kind="stable"))


class _Table:
    """Numbers for transport addresses: the same in every chunk."""

    def __init__(self) -> None:
        self.numbers: dict[Endpoint, int] = {}

    def add(self, data: Bytes, udp: _Layer, which: int) -> NDArray[np.int32]:
        """Return the numbers of the source (0) or destination (1) of each datagram."""
        is_v6 = data[udp.ip] >> 4 == 6
        high, low = np.zeros(len(is_v6), dtype=np.uint64), np.zeros(len(is_v6), dtype=np.uint64)
        low[~is_v6] = words(data, ">u4")[udp.ip[~is_v6] + 12 + 4 * which]
        wide, at = words(data, ">u8"), udp.ip[is_v6] + 8 + 16 * which
        high[is_v6], low[is_v6] = wide[at], wide[at + 8]
        port = words(data, ">u2")[udp.at + 2 * which]
        ids, firsts = group_rows(low, high, port, is_v6)
        mine = []
        for row in firsts:
            number = (int(high[row]) << 64) | int(low[row])
            ip = ipaddress.IPv6Address(number) if is_v6[row] else ipaddress.IPv4Address(number)
            mine.append(self.numbers.setdefault(Endpoint(str(ip), int(port[row])), len(self.numbers)))
        return np.array(mine, dtype=np.int32)[ids]


def decode_udp(capture: Capture) -> Datagrams:
    """Find the UDP datagrams of a capture; whatever is damaged or something else is counted in `skipped`."""
    table, skipped = _Table(), Counter[str]()
    pieces = [_decode(capture, start, table, skipped) for start in range(0, max(len(capture), 1), CHUNK)]
    names = [one.name for one in fields(_Piece)]
    return Datagrams(
        **{name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in names},
        endpoints=tuple(table.numbers),
        skipped={reason: skipped[reason] for reason in sorted(skipped) if skipped[reason]},
    )


def _decode(capture: Capture, start: int, table: _Table, skipped: Counter[str]) -> _Piece:
    """Decode one chunk of packets."""
    rows = np.arange(start, min(start + CHUNK, len(capture)), dtype=np.int64)
    data = capture.data
    layer = _vlan(data, _link(capture, rows, skipped))
    is_v4, is_v6 = layer.kind == _IPV4, layer.kind == _IPV6
    skipped["not IP"] += int((~is_v4 & ~is_v6).sum())
    ip = _ipv4(data, layer.pick(is_v4), skipped).merge(_ipv6(data, layer.pick(is_v6), skipped))
    is_udp = ip.kind == _UDP
    whole = ip.at + 8 <= ip.end
    skipped["not UDP"] += int((~is_udp).sum())
    skipped["cut off in the UDP header"] += int((is_udp & ~whole).sum())
    udp = ip.pick(is_udp & whole)
    length = np.maximum(words(data, ">u2")[udp.at + 4].astype(np.int64) - 8, 0)
    return _Piece(
        packet=udp.row,
        source=table.add(data, udp, 0),
        destination=table.add(data, udp, 1),
        offset=udp.at + 8,
        captured=np.minimum(udp.end - udp.at - 8, length),
        length=length,
        fragment=udp.fragment,
    )


def _link(capture: Capture, rows: Ints, skipped: Counter[str]) -> _Layer:
    """Step over each packet's link header; packets of unknown link types or shorter than it are left out."""
    start, end = capture.offset[rows], capture.offset[rows] + capture.captured[rows]
    linktype = capture.linktype[rows] if len(rows) else np.empty(0, dtype=np.int32)
    at, kind = start.copy(), np.full(len(rows), -1, dtype=np.int64)
    numbers = words(capture.data, ">u2")
    for name, header, kind_at in ((ETHERNET, 14, 12), (LINUX_COOKED, 16, 14), (LINUX_COOKED_2, 20, 0)):
        mine = (linktype == name) & (start + header <= end)
        kind[mine] = numbers[start[mine] + kind_at]
        at[mine] += header
    raw = np.isin(linktype, RAW_TYPES) & (start < end)
    version = capture.data[start[raw]] >> 4
    kind[raw] = np.where(version == 4, _IPV4, np.where(version == 6, _IPV6, 0))
    known = np.isin(linktype, (ETHERNET, LINUX_COOKED, LINUX_COOKED_2, *RAW_TYPES))
    for unknown in np.unique(linktype[~known]):
        skipped[f"link type {unknown} is not known"] += int((linktype == unknown).sum())
    skipped["cut off in the link header"] += int((known & (kind < 0)).sum())
    return _Layer(rows, at, kind, end, at, np.zeros(len(rows), dtype=bool)).pick(kind >= 0)


def _vlan(data: Bytes, layer: _Layer) -> _Layer:
    """Step over VLAN tags (IEEE 802.1Q, also stacked)."""
    numbers = words(data, ">u2")
    for _ in range(_MOST_VLAN_TAGS):
        tagged = np.flatnonzero(np.isin(layer.kind, _VLAN_TYPES) & (layer.at + 4 <= layer.end))
        if not len(tagged):
            break
        layer.kind[tagged] = numbers[layer.at[tagged] + 2]
        layer.at[tagged] += 4
    return layer


def _ipv4(data: Bytes, layer: _Layer, skipped: Counter[str]) -> _Layer:
    """Step over IPv4 headers with their options; later fragments and damaged headers are left out."""
    layer = _whole(layer, 20, skipped)
    numbers, at = words(data, ">u2"), layer.at
    first = data[at].astype(np.int64)
    header = (first & 15) * 4
    pieces = numbers[at + 6].astype(np.int64)
    later = (pieces & 0x1FFF) != 0
    good = (first >> 4 == 4) & (header >= 20) & (at + header <= layer.end)
    skipped["later IP fragments"] += int((good & later).sum())
    skipped["damaged IP header"] += int((~good).sum())
    end = _ip_end(layer, numbers[at + 2].astype(np.int64), 0)
    following = _Layer(layer.row, at + header, data[at + 9].astype(np.int64), end, at, (pieces & 0x2000) != 0)
    return following.pick(good & ~later)


def _ipv6(data: Bytes, layer: _Layer, skipped: Counter[str]) -> _Layer:
    """Step over IPv6 headers and their extensions; later fragments and damaged headers are left out."""
    layer = _whole(layer, 40, skipped)
    numbers, ip = words(data, ">u2"), layer.at
    end = _ip_end(layer, numbers[ip + 4].astype(np.int64) + 40, 40)
    at, kind = ip + 40, data[ip + 6].astype(np.int64)
    fragment, later = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    for _ in range(_MOST_EXTENSIONS):
        extended = np.flatnonzero(np.isin(kind, _EXTENSIONS) & (at + 8 <= end) & ~later)
        if not len(extended):
            break
        here, is_fragment = at[extended], kind[extended] == _FRAGMENT
        pieces = numbers[here + 2].astype(np.int64)
        later[extended] |= is_fragment & (pieces >> 3 != 0)
        fragment[extended] |= is_fragment & (pieces & 1 != 0)
        kind[extended] = data[here]
        at[extended] += np.where(is_fragment, 8, (data[here + 1].astype(np.int64) + 1) * 8)
    good = data[ip] >> 4 == 6
    skipped["later IP fragments"] += int((good & later).sum())
    skipped["damaged IP header"] += int((~good).sum())
    return _Layer(layer.row, at, kind, end, ip, fragment).pick(good & ~later)


def _whole(layer: _Layer, header: int, skipped: Counter[str]) -> _Layer:
    """Return the packets whose fixed IP header of `header` bytes was captured."""
    whole = layer.at + header <= layer.end
    skipped["cut off in the IP header"] += int((~whole).sum())
    return layer.pick(whole)


def _ip_end(layer: _Layer, total: Ints, empty: int) -> Ints:
    """Return where the IP packet ends: what follows it in the frame is padding.

    A packet said to be `empty` was captured before segmentation offload filled in its length: take what is there.
    """
    return np.where(total == empty, layer.end, np.minimum(layer.end, layer.at + total))
