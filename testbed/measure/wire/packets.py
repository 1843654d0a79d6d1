"""UDP datagrams out of captured frames: link, VLAN, IPv4 and IPv6 headers, decoded as arrays.

Sources: LINKTYPE_ pages of tcpdump.org, RFC 791, RFC 8200, RFC 768. Fragments and TCP segments are set aside here, for
`fragments` and `tcp`. Not done: tunnels, IPsec.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.measure.capture.capture import Bytes, Capture, Columns, Ints, release, words
from testbed.measure.wire import tcp
from testbed.measure.wire.fragments import Rebuilt, rebuild
from testbed.measure.wire.grouping import group_rows

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 16
"""Packets decoded at once: the columns in between stay in the processor's cache."""

ETHERNET, RAW, LINUX_COOKED, IPV4_ONLY, IPV6_ONLY, LINUX_COOKED_2 = 1, 101, 113, 228, 229, 276
RAW_TYPES = (RAW, 12, 14, IPV4_ONLY, IPV6_ONLY)
_VLAN_TYPES = (0x8100, 0x88A8, 0x9100)
_IPV4, _IPV6, _TCP, _UDP = 0x0800, 0x86DD, 6, 17
_WHOLE, _FIRST, _LATER = 0, 1, 2
_FRAGMENT = 44
_EXTENSIONS = (0, 43, _FRAGMENT, 60)  # hop-by-hop, routing, fragment, destination options
_MOST_VLAN_TAGS, _MOST_EXTENSIONS = 4, 8


class TransportAddress(NamedTuple):
    """A transport address."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


_Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Piece:
    """The columns of `Datagrams`."""

    packet: Ints
    source: NDArray[np.int32]
    destination: NDArray[np.int32]
    offset: Ints
    captured: Ints
    length: Ints
    fragment: NDArray[np.bool_]


_COLUMNS: dict[str, type[np.generic]] = {
    "packet": np.int64,
    "source": np.int32,
    "destination": np.int32,
    "offset": np.int64,
    "captured": np.int64,
    "length": np.int64,
    "fragment": np.bool_,
}


@dataclass(frozen=True, slots=True)
class Datagrams(Piece):
    """The UDP datagrams of a capture, in its order; one entry a datagram.

    `packet` is the row in the capture, `source` and `destination` index `endpoints`. The payload lies at `offset` in
    the capture's data; `captured` of its bytes are there, `length` were sent. `fragment`: only the first piece of it
    is here. `skipped` counts the packets that are no UDP datagram, by reason. `segments` are those of TCP connections
    that may carry SIP. `rebuilt` has the packets that came in fragments, as a capture of their own, and what is in
    them; they are not among the datagrams here.
    """

    endpoints: tuple[TransportAddress, ...]
    skipped: dict[str, int]
    segments: tcp.Segments
    rebuilt: tuple[Rebuilt, Datagrams] | None = None

    def __len__(self) -> int:
        return len(self.packet)


@dataclass(slots=True)
class _Layer:
    """Of each packet: its row, where its next header begins and of what kind it is, where the data end.

    `ip` is where its IP header begins (once that was found), `fragment` whether it is a piece: the first, a later one.
    """

    row: Ints
    at: Ints
    kind: Ints
    end: Ints
    ip: Ints
    fragment: NDArray[np.int8]

    def pick(self, which: NDArray[Any]) -> _Layer:
        """Return the packets that a mask or a list of positions names."""
        if which.dtype == np.bool_ and which.all():
            return self
        return _Layer(*(getattr(self, one.name)[which] for one in fields(self)))

    def merge(self, other: _Layer) -> _Layer:
        """Return the packets of both, in the capture's order."""
        if not len(self.row) or not len(other.row):
            return self if len(self.row) else other
        both = (np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self))
        joined = _Layer(*both)
        return joined.pick(np.argsort(joined.row, kind="stable"))


class _Table:
    """Numbers for transport addresses: the same in every chunk."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int], int] = {}

    def endpoints(self) -> tuple[TransportAddress, ...]:
        """Return the addresses in the order of their numbers."""
        return tuple(TransportAddress(str(ipaddress.ip_address(ip)), port) for ip, port in self._known)

    def ends(self, data: Bytes, layer: _Layer, *, known_only: bool = False) -> tuple[_Numbers, _Numbers]:
        """Return the numbers of source and destination of each packet; -1 for an unknown one with `known_only`."""
        is_v6 = data[layer.ip] >> 4 == 6
        found = np.empty((2, len(is_v6)), dtype=np.int32)
        for mine, places, size in ((~is_v6, (12,), 4), (is_v6, (8, 16, 24, 32), 16)):
            if not mine.any():
                continue
            rows = _rows(mine)
            wide, ip = words(data, ">u8"), layer.ip[rows]
            ports = words(data, ">u4")[layer.at[rows]]
            ids, firsts = group_rows(ports, *(wide[ip + place] for place in places))
            for end in (0, 1):
                at = ip[firsts] + places[0] + end * size
                addresses = [data[start : start + size].tobytes() for start in at.tolist()]
                numbers = self._numbers(addresses, ports[firsts] >> (16 - 16 * end) & 0xFFFF, known_only=known_only)
                found[end, rows] = numbers[ids]
        return found[0], found[1]

    def _numbers(self, addresses: list[bytes], ports: NDArray[Any], *, known_only: bool) -> _Numbers:
        found = []
        for end in zip(addresses, ports.tolist(), strict=True):
            number = self._known.get(end)
            if number is None and not known_only:
                number = self._known[end] = len(self._known)
            found.append(-1 if number is None else number)
        return np.array(found, dtype=np.int32)


@dataclass(slots=True)
class _Aside:
    """What one pass over the packets sets aside: fragments, TCP segments, and the connections that may carry SIP."""

    fragments: list[_Layer] = field(default_factory=list)
    segments: list[Ints] = field(default_factory=list)
    connections: set[tuple[int, int]] = field(default_factory=set)

    def look(self, data: Bytes, layer: _Layer, table: _Table) -> None:
        """Take TCP segments."""
        layer = layer.pick(tcp.useful(data, layer.at, layer.end))
        self.segments.append(layer.row)
        likely = layer.pick(tcp.likely(data, layer.at, layer.end))
        ends = zip(*(numbers.tolist() for numbers in table.ends(data, likely)), strict=True)
        self.connections.update((min(pair), max(pair)) for pair in ends)


def decode_udp(capture: Capture, sift: Callable[[Piece], Piece] | None = None) -> Datagrams:
    """Find the UDP datagrams of a capture; whatever is damaged or something else is counted in `skipped`.

    What came whole goes through `sift` piece by piece, and what that returns is kept: see `RtpSieve`.
    """
    table, skipped, aside = _Table(), Counter[str](), _Aside()
    columns = _columns(capture, table, skipped, aside, sift)
    rebuilt = inner = None
    rows_of_tcp, aside.segments = aside.segments, []
    if aside.fragments:
        rebuilt = _rebuild(capture, aside, skipped)
        unused = ~np.isin(columns["packet"], rebuilt.used)
        columns = {name: column[unused] for name, column in columns.items()}
        inner = _columns(rebuilt.capture, table, skipped, aside)
    segments = _segments(capture, rows_of_tcp, aside.connections, table)
    counts = {reason: skipped[reason] for reason in sorted(skipped) if skipped[reason]}
    ends = table.endpoints()
    whole = None
    if rebuilt is not None and inner is not None:
        within = _segments(rebuilt.capture, aside.segments, aside.connections, table)
        whole = (rebuilt, Datagrams(**inner, endpoints=ends, skipped={}, segments=within))
    return Datagrams(**columns, endpoints=ends, skipped=counts, segments=segments, rebuilt=whole)


def _columns(
    capture: Capture,
    table: _Table,
    skipped: Counter[str],
    aside: _Aside,
    sift: Callable[[Piece], Piece] | None = None,
) -> dict[str, Any]:
    """Decode all packets of a capture, chunk by chunk; return the columns of `Piece` by name."""
    columns = Columns(_COLUMNS)
    for start in range(0, max(len(capture), 1), CHUNK):
        piece = _decode(capture, start, table, skipped, aside)
        piece = sift(piece) if sift is not None else piece
        columns.add(**{name: getattr(piece, name) for name in _COLUMNS})
        if len(capture):
            last = min(start + CHUNK, len(capture)) - 1
            release(capture.data, int(capture.offset[start]), int(capture.offset[last]))
    return columns.take()


def _rebuild(capture: Capture, aside: _Aside, skipped: Counter[str]) -> Rebuilt:
    """Put the fragments together that were set aside."""
    row, ip, end = (np.concatenate([getattr(one, name) for one in aside.fragments]) for name in ("row", "ip", "end"))
    return rebuild(capture, row, ip, end, skipped)


def _segments(capture: Capture, rows: list[Ints], connections: set[tuple[int, int]], table: _Table) -> tcp.Segments:
    """Read the TCP segments in `rows` that are of these connections, in a second look at them."""
    every = np.concatenate([np.empty(0, dtype=np.int64), *(rows if connections else ())])
    pairs = np.array(sorted(low << 32 | high for low, high in connections), dtype=np.int64)
    found = []
    for start in range(0, max(len(every), 1), CHUNK):
        layer = _ip(capture, every[start : start + CHUNK], Counter())
        ends = [numbers.astype(np.int64) for numbers in table.ends(capture.data, layer, known_only=True)]
        low, high = np.minimum(*ends), np.maximum(*ends)
        mine = np.isin(low << 32 | high, pairs) & (low >= 0)
        layer = layer.pick(mine)
        numbers = (ends[0][mine].astype(np.int32), ends[1][mine].astype(np.int32))
        found.append(tcp.read_segments(capture.data, layer.row, layer.ip, layer.at, layer.end, numbers))
    return tcp.Segments(*(np.concatenate([getattr(one, name.name) for one in found]) for name in fields(tcp.Segments)))


def _decode(capture: Capture, start: int, table: _Table, skipped: Counter[str], aside: _Aside) -> Piece:
    """Decode one chunk of packets."""
    data = capture.data
    ip = _ip(capture, np.arange(start, min(start + CHUNK, len(capture)), dtype=np.int64), skipped)
    if ip.fragment.any():
        aside.fragments.append(ip.pick(ip.fragment != _WHOLE))
        ip = ip.pick(ip.fragment != _LATER)
    is_udp, is_tcp = ip.kind == _UDP, (ip.kind == _TCP) & (ip.fragment == _WHOLE)
    if is_tcp.any():
        aside.look(data, ip.pick(is_tcp), table)
    whole = ip.at + 8 <= ip.end
    skipped["not UDP"] += int((~is_udp).sum())
    skipped["cut off in the UDP header"] += int((is_udp & ~whole).sum())
    udp = ip.pick(is_udp & whole)
    length = np.maximum(words(data, ">u2")[udp.at + 4].astype(np.int64) - 8, 0)
    source, destination = table.ends(data, udp)
    return Piece(
        packet=udp.row,
        source=source,
        destination=destination,
        offset=udp.at + 8,
        captured=np.minimum(udp.end - udp.at - 8, length),
        length=length,
        fragment=udp.fragment == _FIRST,
    )


def _ip(capture: Capture, rows: Ints, skipped: Counter[str]) -> _Layer:
    """Step over all headers of these packets but the one that comes after IP's."""
    layer = _vlan(capture.data, _link(capture, rows, skipped))
    is_v4, is_v6 = layer.kind == _IPV4, layer.kind == _IPV6
    skipped["not IP"] += int((~is_v4 & ~is_v6).sum())
    v4, v6 = layer.pick(is_v4), layer.pick(is_v6)
    return _ipv4(capture.data, v4, skipped).merge(_ipv6(capture.data, v6, skipped))


def _link(capture: Capture, rows: Ints, skipped: Counter[str]) -> _Layer:
    """Step over each packet's link header; packets of unknown link types or shorter than it are left out."""
    start = capture.offset[rows]
    end = start + capture.captured[rows]
    linktype = np.array([one.linktype for one in capture.interfaces], dtype=np.int32)[capture.interface[rows]]
    at, kind = start.copy(), np.full(len(rows), -1, dtype=np.int64)
    numbers = words(capture.data, ">u2")
    unknown = np.ones(len(rows), dtype=np.bool_)
    for name, header, kind_at in ((ETHERNET, 14, 12), (LINUX_COOKED, 16, 14), (LINUX_COOKED_2, 20, 0)):
        mine = linktype == name
        unknown &= ~mine
        mine &= start + header <= end
        here = _rows(mine)
        kind[here] = numbers[start[here] + kind_at]
        at[here] += header
    if unknown.any():
        raw = np.isin(linktype, RAW_TYPES)
        unknown &= ~raw
        raw &= start < end
        version = capture.data[start[raw]] >> 4
        kind[raw] = np.where(version == 4, _IPV4, np.where(version == 6, _IPV6, 0))
        for other, count in zip(*np.unique(linktype[unknown], return_counts=True), strict=True):
            skipped[f"link type {other} is not known"] += int(count)
    skipped["cut off in the link header"] += int((~unknown & (kind < 0)).sum())
    return _Layer(rows, at, kind, end, at, np.zeros(len(rows), dtype=np.int8)).pick(kind >= 0)


def _rows(mask: NDArray[np.bool_]) -> Ints | slice:
    """Return the rows that a mask names; all of them as a slice, which copies nothing."""
    return slice(None) if len(mask) and mask.all() else np.flatnonzero(mask)


def _vlan(data: Bytes, layer: _Layer) -> _Layer:
    """Step over VLAN tags (IEEE 802.1Q, also stacked)."""
    numbers = words(data, ">u2")
    for _ in range(_MOST_VLAN_TAGS):
        # Looked for one by one: for so few, np.isin takes many times as long.
        is_tag = np.logical_or.reduce([layer.kind == tag for tag in _VLAN_TYPES])
        tagged = np.flatnonzero(is_tag & (layer.at + 4 <= layer.end))
        if not len(tagged):
            break
        layer.kind[tagged] = numbers[layer.at[tagged] + 2]
        layer.at[tagged] += 4
    return layer


def _ipv4(data: Bytes, layer: _Layer, skipped: Counter[str]) -> _Layer:
    """Step over IPv4 headers with their options; damaged headers are left out."""
    layer = _whole(layer, 20, skipped)
    at = layer.at
    first, total, _, pieces, protocol = words(data, "V10")[at].view(">u2").reshape(-1, 5).T.astype(np.int64)
    header = (first >> 8 & 15) * 4
    fragment = np.zeros(len(at), dtype=np.int8)
    if (pieces & 0x3FFF).any():
        fragment[pieces & 0x2000 != 0] = _FIRST
        fragment[pieces & 0x1FFF != 0] = _LATER
    good = (first >> 12 == 4) & (header >= 20) & (at + header <= layer.end)
    skipped["damaged IP header"] += int((~good).sum())
    return _Layer(layer.row, at + header, protocol & 0xFF, _ip_end(layer, total, 0), at, fragment).pick(good)


def _ipv6(data: Bytes, layer: _Layer, skipped: Counter[str]) -> _Layer:
    """Step over IPv6 headers and their extensions, in a later fragment up to its payload; damaged ones are left out."""
    layer = _whole(layer, 40, skipped)
    numbers, ip = words(data, ">u2"), layer.at
    end = _ip_end(layer, numbers[ip + 4].astype(np.int64) + 40, 40)
    at, kind = ip + 40, data[ip + 6].astype(np.int64)
    fragment = np.zeros(len(at), dtype=np.int8)
    for _ in range(_MOST_EXTENSIONS):
        extended = np.flatnonzero(np.isin(kind, _EXTENSIONS) & (at + 8 <= end) & (fragment != _LATER))
        if not len(extended):
            break
        here, is_fragment = at[extended], kind[extended] == _FRAGMENT
        pieces = numbers[here + 2].astype(np.int64)
        piece = np.where(pieces >> 3, _LATER, np.where(pieces & 1, _FIRST, _WHOLE))
        fragment[extended] = np.where(is_fragment, piece, fragment[extended])
        kind[extended] = data[here]
        at[extended] += np.where(is_fragment, 8, (data[here + 1].astype(np.int64) + 1) * 8)
    good = data[ip] >> 4 == 6
    skipped["damaged IP header"] += int((~good).sum())
    return _Layer(layer.row, at, kind, end, ip, fragment).pick(good)


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
