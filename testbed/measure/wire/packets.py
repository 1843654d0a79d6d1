"""UDP datagrams out of captured frames, decoded as arrays, whatever they came in: see `peeling`.

Fragments and TCP segments are set aside here, for `fragments` and `tcp`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.measure.capture.capture import NO_TIME, Bytes, Capture, Columns, Ints, release, words
from testbed.measure.headers.home_addresses import address_places
from testbed.measure.headers.peeled import DATAGRAM, FRAMED, HEP, SEGMENT, Findings, Peeled, in_order, together
from testbed.measure.headers.peeling import peel
from testbed.measure.wire import tcp
from testbed.measure.wire.fragments import Rebuilt, joined, rebuild
from testbed.measure.wire.grouping import group_rows
from testbed.measure.wire.hep import HepError, read_hep
from testbed.measure.wire.piece import Piece
from testbed.measure.wire.seen_again import Once

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

CHUNK = 1 << 16
"""Packets decoded at once: the columns in between stay in the processor's cache."""

MOST_ROUNDS = 3
"""How often packets that were put together may hold fragments again."""

TLS, OTHER_TCP = "TLS over TCP (encrypted)", "TCP in which no SIP was found"
"""Reasons why segments were not read."""
CUT, UNTIMED = "cut off before 12 bytes of a UDP payload", "without a usable time"
"""Reasons why datagrams were not."""
SHORTEST_MEDIA = 12
"""Bytes of RTP's fixed header (RFC 3550, 5.1)."""


class TransportAddress(NamedTuple):
    """A transport address."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


_Numbers = NDArray[np.int32]


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
    is here. `unread` counts the packets in which something may be that was not read, `others` those that are no UDP
    datagram and hold no media, both by reason; `encapsulations` those that came in a tunnel or the like. `segments` are
    those of TCP connections that may carry SIP. `rebuilt` has the packets that came in fragments, as a capture of their
    own, and what is in them; they are not among the datagrams here. `hidden` has those that are encrypted, where they
    were asked for.
    """

    endpoints: tuple[TransportAddress, ...]
    segments: tcp.Segments
    unread: dict[str, int]
    others: dict[str, int]
    encapsulations: dict[str, int]
    rebuilt: tuple[Rebuilt, Datagrams] | None = None
    hidden: Piece | None = None

    def __len__(self) -> int:
        return len(self.packet)

    @property
    def skipped(self) -> dict[str, int]:
        """All packets of which no datagram was read, by reason."""
        return dict(sorted({**self.others, **self.unread}.items()))


class _Table:
    """Numbers for transport addresses: the same in every chunk."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int], int] = {}

    def endpoints(self) -> tuple[TransportAddress, ...]:
        """Return the addresses in the order of their numbers."""
        return tuple(TransportAddress(str(ipaddress.ip_address(ip)), port) for ip, port in self._known)

    def ends(self, data: Bytes, layer: Peeled, *, known_only: bool = False) -> tuple[_Numbers, _Numbers]:
        """Return the numbers of source and destination of each packet; -1 for an unknown one with `known_only`."""
        is_v6 = data[layer.ip] >> 4 == 6
        found = np.empty((2, len(is_v6)), dtype=np.int32)
        for mine, size in ((~is_v6, 4), (is_v6, 16)):
            if not mine.any():
                continue
            rows = slice(None) if mine.all() else np.flatnonzero(mine)  # a slice copies nothing
            wide, ip = words(data, ">u8"), layer.ip[rows]
            ports = words(data, ">u4")[layer.ports[rows]]
            if size == 16:
                places = address_places(data, ip, layer.ports[rows])
                ids, firsts = group_rows(ports, *(wide[place + half] for place in places for half in (0, 8)))
            else:
                places = ip + 12, ip + 16
                ids, firsts = group_rows(ports, wide[places[0]])
            for end in (0, 1):
                addresses = [data[start : start + size].tobytes() for start in places[end][firsts].tolist()]
                numbers = self._numbers(addresses, ports[firsts] >> (16 - 16 * end) & 0xFFFF, known_only=known_only)
                found[end, rows] = numbers[ids]
        return found[0], found[1]

    def number(self, end: tuple[bytes, int]) -> int:
        """Return the number of one address."""
        return self._known.setdefault(end, len(self._known))

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
    """What one pass over the packets sets aside: TCP segments, and the connections that may carry SIP."""

    segments: list[Ints] = field(default_factory=list)
    connections: set[tuple[int, int]] = field(default_factory=set)
    with_payload: int = 0

    def look(self, data: Bytes, layer: Peeled, table: _Table, findings: Findings) -> None:
        """Take TCP segments that say anything, but for TLS."""
        layer = findings.whole(replace(layer, ports=layer.at), tcp.HEADER, "TCP")
        findings.others["TCP without payload"] += int((tcp.payload_at(data, layer.at) >= layer.end).sum())
        layer = layer.pick(tcp.useful(data, layer.at, layer.end))
        layer = findings.keep(layer, ~tcp.is_tls(data, layer.at, layer.end), TLS)
        self.with_payload += int((tcp.payload_at(data, layer.at) < layer.end).sum())
        self.segments.append(layer.row)
        likely = layer.pick(tcp.likely(data, layer.at, layer.end))
        ends = zip(*(numbers.tolist() for numbers in table.ends(data, likely)), strict=True)
        self.connections.update((min(pair), max(pair)) for pair in ends)


def decode_udp(
    capture: Capture, sift: Callable[[Piece], Piece] | None = None, *, keeps_hidden: bool = False
) -> Datagrams:
    """Find the UDP datagrams of a capture; whatever is damaged or something else is counted, with the reason.

    What came whole goes through `sift` piece by piece, and what that returns is kept: see `RtpSieve`.
    """
    table, findings, aside = _Table(), Findings(hidden=[] if keeps_hidden else None), _Aside()
    columns = _columns(capture, table, findings, aside, sift)
    rebuilt = inner = None
    rows_of_tcp, aside.segments = aside.segments, []
    if findings.pieces:
        rebuilt = _rebuild(capture, findings)
        unused = ~np.isin(columns["packet"], rebuilt.used)
        columns = {name: column[unused] for name, column in columns.items()}
        inner = _columns(rebuilt.capture, table, findings, aside)
    hidden = None
    if findings.hidden is not None:
        hidden = _piece(capture.data, in_order(together(findings.hidden)), DATAGRAM, table)
    found = [_segments(capture, rows_of_tcp, aside.connections, table)]
    if rebuilt is not None:
        found.append(_segments(rebuilt.capture, aside.segments, aside.connections, table))
    findings.unread[OTHER_TCP] += aside.with_payload - sum(int((one.captured > 0).sum()) for one in found)
    facts = _Facts(
        table.endpoints(), *(_sorted(one) for one in (findings.unread, findings.others, findings.encapsulations))
    )
    whole = None
    if rebuilt is not None and inner is not None:
        whole = (rebuilt, Datagrams(**inner, **facts._asdict(), segments=found[1]))
    return Datagrams(**columns, **facts._asdict(), segments=found[0], rebuilt=whole, hidden=hidden)


class _Facts(NamedTuple):
    """What all datagrams of a capture share."""

    endpoints: tuple[TransportAddress, ...]
    unread: dict[str, int]
    others: dict[str, int]
    encapsulations: dict[str, int]


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {reason: counts[reason] for reason in sorted(counts) if counts[reason] > 0}


def _columns(
    capture: Capture,
    table: _Table,
    findings: Findings,
    aside: _Aside,
    sift: Callable[[Piece], Piece] | None = None,
) -> dict[str, Any]:
    """Decode all packets of a capture, chunk by chunk; return the columns of `Piece` by name."""
    columns, once = Columns(_COLUMNS), Once(capture)
    for start in range(0, max(len(capture), 1), CHUNK):
        piece = _decode(capture, start, table, findings, aside)
        piece = once.only(piece, findings)
        piece = sift(piece) if sift is not None else piece
        columns.add(**{name: getattr(piece, name) for name in _COLUMNS})
        if len(capture):
            last = min(start + CHUNK, len(capture)) - 1
            release(capture.data, int(capture.offset[start]), int(capture.offset[last]))
    return columns.take()


def _rebuild(capture: Capture, findings: Findings) -> Rebuilt:
    """Put the fragments together that were found, and those that are in what was put together."""
    rebuilt = [_put_together(capture, findings, findings)]
    for _ in range(MOST_ROUNDS - 1):
        made, within = rebuilt[-1].capture, Findings()
        peel(made, np.arange(len(made), dtype=np.int64), within)
        if not within.pieces:
            break
        rebuilt.append(_put_together(made, within, findings))
    return joined(rebuilt)


def _put_together(capture: Capture, found: Findings, findings: Findings) -> Rebuilt:
    row, ip, end = (np.concatenate([getattr(one, name) for one in found.pieces]) for name in ("row", "ip", "end"))
    order = np.argsort(row, kind="stable")
    return rebuild(capture, row[order], ip[order], end[order], findings.unread)


def _segments(capture: Capture, rows: list[Ints], connections: set[tuple[int, int]], table: _Table) -> tcp.Segments:
    """Read the TCP segments in `rows` that are of these connections, in a second look at them."""
    every = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(rows if connections else ())]))
    pairs = np.array(sorted(low << 32 | high for low, high in connections), dtype=np.int64)
    found = []
    for start in range(0, max(len(every), 1), CHUNK):
        layer = peel(capture, every[start : start + CHUNK], Findings())[SEGMENT]
        layer = replace(layer, ports=layer.at).pick(tcp.useful(capture.data, layer.at, layer.end))
        ends = [numbers.astype(np.int64) for numbers in table.ends(capture.data, layer, known_only=True)]
        low, high = np.minimum(*ends), np.maximum(*ends)
        mine = np.isin(low << 32 | high, pairs) & (low >= 0)
        layer = layer.pick(mine)
        numbers = (ends[0][mine].astype(np.int32), ends[1][mine].astype(np.int32))
        found.append(tcp.read_segments(capture.data, layer.row, layer.ip, layer.at, layer.end, numbers))
    return tcp.Segments(*(np.concatenate([getattr(one, name.name) for one in found]) for name in fields(tcp.Segments)))


def _decode(capture: Capture, start: int, table: _Table, findings: Findings, aside: _Aside) -> Piece:
    """Decode one chunk of packets."""
    rows = np.arange(start, min(start + CHUNK, len(capture)), dtype=np.int64)
    layers = peel(capture, rows, findings)
    if len(layers[SEGMENT]):
        aside.look(capture.data, layers[SEGMENT], table, findings)
    datagrams = _piece(capture.data, layers[DATAGRAM], DATAGRAM, table)
    is_cut = (datagrams.captured < np.minimum(datagrams.length, SHORTEST_MEDIA)) & ~datagrams.fragment
    findings.unread[CUT] += int(is_cut.sum())
    findings.unread[UNTIMED] += int((capture.time_ns[datagrams.packet] == NO_TIME).sum())
    if not len(layers[FRAMED]) and not len(layers[HEP]):
        return datagrams
    found = (
        datagrams,
        _piece(capture.data, layers[FRAMED], FRAMED, table),
        _in_hep(capture.data, layers[HEP], table, findings),
    )
    every = {name: np.concatenate([getattr(one, name) for one in found]) for name in _COLUMNS}
    order = np.argsort(every["packet"], kind="stable")
    return Piece(**{name: column[order] for name, column in every.items()})


def _piece(data: Bytes, layer: Peeled, kind: int, table: _Table) -> Piece:
    """Return datagrams, or what is framed in them: its length lies right before it."""
    numbers = words(data, ">u2")
    lengths = numbers[layer.ports + 4].astype(np.int64) - 8 if kind == DATAGRAM else numbers[layer.at - 2]
    length = np.maximum(lengths, 0).astype(np.int64)
    source, destination = table.ends(data, layer)
    return Piece(
        packet=layer.row,
        source=source,
        destination=destination,
        offset=layer.at,
        captured=np.minimum(layer.end - layer.at, length),
        length=length,
        fragment=layer.fragment,
    )


def _in_hep(data: Bytes, layer: Peeled, table: _Table, findings: Findings) -> Piece:
    """Return what datagrams of HEP carry, as if it had been seen where the agent saw it."""
    found = []
    columns = (getattr(layer, name).tolist() for name in ("row", "at", "end", "fragment"))
    for row, at, end, fragment in zip(*columns, strict=True):
        try:
            one = read_hep(data[at:end].tobytes())
        except HepError as error:
            findings.unread[str(error)] += 1
            continue
        ends = table.number(one.source), table.number(one.destination)
        found.append((row, *ends, at + one.at, one.captured, one.length, fragment))
    made = zip(*found, strict=True) if found else ((),) * len(_COLUMNS)
    return Piece(*(np.array(column, dtype=kind) for column, kind in zip(made, _COLUMNS.values(), strict=True)))
