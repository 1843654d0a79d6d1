"""RTP streams found by their regularity, or because signalling announced them.

A datagram may be RTP when its header fits (RFC 3550, 5.1); a stream is accepted when its sequence numbers and
timestamps go on as those of one source do. A stream is one SSRC between two transport addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.capture import NO_TIME, Booleans, Capture, Ints, words
from testbed.measure.rtp.credible import SHORTEST_STREAM, is_credible
from testbed.measure.rtp.mirrored import copies_of_a_mirror
from testbed.measure.rtp.restarts import renumber, strays
from testbed.measure.rtp.stream_numbers import extend_sequence
from testbed.measure.rtp.tones import are_key_presses, tones_in
from testbed.measure.wire.grouping import group_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from testbed.measure.sip.announced import Announcements
    from testbed.measure.wire.packets import Datagrams, TransportAddress
    from testbed.measure.wire.piece import Piece

CLOCK_HZ = {
    **dict.fromkeys((0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18), 8000),
    **dict.fromkeys((10, 11), 44100),
    6: 16000,
    16: 11025,
    17: 22050,
    **dict.fromkeys((14, 25, 26, 28, 31, 32, 33, 34), 90000),
}
"""Static payload type -> RTP clock (RFC 3551, tables 4 and 5)."""

DYNAMIC = 96
"""Payload types from here on mean what was announced (RFC 3551, 3)."""

KNOWN_CLOCKS = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)

MOST_SHORT = 32
"""Streams between two addresses that are too short to be believed on their own, though signalling announced them."""

_FIELDS = np.dtype([("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
_HEADER = _FIELDS.itemsize
_TAIL_NS, _SILENCE_NS = 2_000_000_000, 200_000_000
"""How long a call's packets may come after its end; how long a source is silent at least between two calls."""

_EXTENSION = 0x10  # RFC 3550, 5.1: X
_UNWISE = (64, 96)  # RFC 5761, 4: with the marker they look like RTCP's packet types 192 to 223


@dataclass(frozen=True, slots=True)
class RtpPackets:
    """The datagrams that may be RTP, in the capture's order; one entry a packet.

    `source` and `destination` index `endpoints`, `interface` the capture's interfaces, `packet` its rows. `tone` is the
    payload where it is as long as that of a key press (see `tones`).
    """

    packet: Ints
    time_ns: Ints
    interface: NDArray[np.int32]
    source: NDArray[np.int32]
    destination: NDArray[np.int32]
    ssrc: NDArray[np.uint32]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    payload_type: NDArray[np.uint8]
    tone: NDArray[np.uint32]
    endpoints: tuple[TransportAddress, ...]

    def __len__(self) -> int:
        return len(self.packet)


LAST_NS = int(np.iinfo(np.int64).max)
"""After every time."""

RTP_COLUMNS: dict[str, type[np.generic]] = {
    "packet": np.int64,
    "time_ns": np.int64,
    "interface": np.int32,
    "source": np.int32,
    "destination": np.int32,
    "ssrc": np.uint32,
    "sequence": np.uint16,
    "timestamp": np.uint32,
    "payload_type": np.uint8,
    "tone": np.uint32,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """One SSRC between two transport addresses, seen at one capture interface.

    `rows` are its packets in `RtpPackets`, in order of arrival, and `extended` their sequence numbers without wrap.
    `seen_on` is how many capture interfaces saw it; `interfaces` is the one that saw it last, and with it those that
    saw other packets of it only (a capture in several sections, a stream spread over several links). `found` is "sdp"
    where signalling announced its payload type at one of its ends, else "regularity". `copies` are the further
    sightings of its packets that are not among the rows (see `mirrored`), `restarts` the places in `rows` where its
    numbers begin anew, `strays` how many packets are left out because their numbers are far off.
    """

    source: TransportAddress
    destination: TransportAddress
    ssrc: int
    payload_type: int
    interfaces: tuple[int, ...]
    seen_on: int
    rows: Ints
    extended: Ints
    found: str = "regularity"
    copies: int = 0
    restarts: tuple[int, ...] = ()
    strays: int = 0


def find_rtp(capture: Capture, datagrams: Datagrams) -> RtpPackets:
    """Return the datagrams whose header can be one of RTP; RTCP shares its first bits and is left out (RFC 5761, 4).

    One that came in several IP fragments came with the fragment that made it whole.
    """
    return only_announced_types(find_all_rtp(capture, datagrams))


def find_all_rtp(capture: Capture, datagrams: Datagrams) -> RtpPackets:
    """Return the same with what has a payload type from 64 to 95 (see `only_announced_types`)."""
    _, columns = rtp_columns(capture, datagrams)
    found = RtpPackets(**columns, endpoints=datagrams.endpoints)
    if datagrams.rebuilt is None:
        return found
    rebuilt, within = datagrams.rebuilt
    _, columns = rtp_columns(rebuilt.capture, within)
    columns["packet"] = rebuilt.rows[columns["packet"]]
    return merge(found, RtpPackets(**columns, endpoints=found.endpoints))


def only_announced_types(rtp: RtpPackets, announced: Announcements | None = None) -> RtpPackets:
    """Return the packets without those of types 64 to 95 that nobody announced: they may be RTCP (RFC 5761, 4)."""
    unwise = np.flatnonzero((rtp.payload_type >= _UNWISE[0]) & (rtp.payload_type < _UNWISE[1]))
    if not len(unwise):
        return rtp
    kept = np.ones(len(rtp), dtype=np.bool_)
    columns = (rtp.source, rtp.destination, rtp.payload_type)
    ids, firsts = group_rows(*(column[unwise] for column in columns))
    known = [
        announced is not None
        and announced.expects(rtp.endpoints[source], rtp.endpoints[destination], payload_type, LAST_NS)
        for source, destination, payload_type in zip(
            *(column[unwise[firsts]].tolist() for column in columns), strict=True
        )
    ]
    kept[unwise] = np.array(known, dtype=np.bool_)[ids]
    return replace(rtp, **{name: getattr(rtp, name)[kept] for name in RTP_COLUMNS})


def merge(one: RtpPackets, other: RtpPackets) -> RtpPackets:
    """Return the packets of both, in the capture's order."""
    if not len(one) or not len(other):
        return one if len(one) else other
    order = np.argsort(np.concatenate([one.packet, other.packet]), kind="stable")
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])[order] for name in RTP_COLUMNS
    }
    return RtpPackets(**columns, endpoints=one.endpoints)


def rtp_columns(capture: Capture, datagrams: Piece) -> tuple[Ints, dict[str, Any]]:
    """Return which of the datagrams have a time and a header that can be one of RTP (RFC 3550, 5.1), and what it says.

    That are the columns of `RtpPackets` but for the endpoints.
    """
    rows = np.flatnonzero((datagrams.captured >= _HEADER) & (capture.time_ns[datagrams.packet] != NO_TIME))
    heads = words(capture.data, f"V{_HEADER}")[datagrams.offset[rows]].view(_FIELDS)
    first, payload_type = heads["first"], heads["second"] & 0x7F
    fits = first >> 6 == 2
    unwise = np.flatnonzero(fits & (payload_type >= _UNWISE[0]) & (payload_type < _UNWISE[1]))
    if len(unwise):
        fits[unwise[_is_rtcp(capture, datagrams, rows[unwise])]] = False
    fits &= _HEADER + 4 * (first & 15).astype(np.int64) <= datagrams.length[rows]
    extended = np.flatnonzero(fits & (first & _EXTENSION > 0))
    if len(extended):
        fits[extended] = _has_room_for_extension(capture, datagrams, rows[extended], first[extended])
    if not fits.all():
        rows, heads, payload_type, first = rows[fits], heads[fits], payload_type[fits], first[fits]
    packet = datagrams.packet[rows]
    return rows, {
        "packet": packet,
        "time_ns": capture.time_ns[packet],
        "interface": capture.interface[packet],
        "source": datagrams.source[rows],
        "destination": datagrams.destination[rows],
        "ssrc": heads["ssrc"].astype(np.uint32),
        "sequence": heads["sequence"].astype(np.uint16),
        "timestamp": heads["timestamp"].astype(np.uint32),
        "payload_type": payload_type,
        "tone": tones_in(capture.data, datagrams, rows, first),
    }


def _has_room_for_extension(capture: Capture, datagrams: Piece, rows: Ints, first: Ints) -> Booleans:
    """Return in which of the datagrams the header's extension ends (5.3.1); one that was cut off before may go on."""
    start = _HEADER + 4 * (first & 15).astype(np.int64)
    captured, length = datagrams.captured[rows], datagrams.length[rows]
    told = np.minimum(datagrams.offset[rows] + start + 2, len(capture.data) - 2)
    ends = start + 4 + 4 * words(capture.data, ">u2")[told].astype(np.int64)
    fits: Booleans = (start + 4 <= length) & ((start + 4 > captured) | (ends <= length))
    return fits


def _is_rtcp(capture: Capture, datagrams: Piece, rows: Ints) -> Booleans:
    """Return which of the datagrams have RTCP's packet type, and where their first packet ends, the next or nothing."""
    at, end = datagrams.offset[rows], datagrams.offset[rows] + datagrams.captured[rows]
    after = at + 4 * (words(capture.data, ">u2")[at + 2].astype(np.int64) + 1)
    next_one = capture.data[np.minimum(after, len(capture.data) - 1)] >> 6 == 2
    whole = datagrams.captured[rows] == datagrams.length[rows]
    fits: Booleans = ~whole | (after == end) | ((after < end) & next_one)
    return fits & (capture.data[at + 1] >= 192)


Between = tuple[int, int]
"""When a call ended, and when the next one between two addresses began (ns)."""


def find_streams(
    rtp: RtpPackets,
    announced: Announcements | None = None,
    calls: Callable[[TransportAddress, TransportAddress], list[Between]] = lambda *_: [],
) -> list[Stream]:
    """Return the streams in the order of their first packets; what was `announced` need not be long or regular.

    A stream that is too short to be believed on its own is accepted when its SSRC has an accepted stream elsewhere:
    after a handover that is how a path with three packets looks. What one source sent in two `calls` is two streams.
    """
    accepted: list[Stream] = []
    short: list[Stream] = []
    for rows in _groups(rtp, announced):
        for stream in _streams(rtp, rows, calls):
            last_ns = int(rtp.time_ns[stream.rows[-1]])
            ends = stream.source, stream.destination
            if announced is not None and announced.expects(*ends, stream.payload_type, last_ns):
                accepted.append(replace(stream, found="sdp"))
                continue
            (accepted if _is_credible(rtp, stream) else short).append(stream)
    known = {stream.ssrc for stream in accepted}
    accepted += [stream for stream in short if stream.ssrc in known]
    return sorted(accepted, key=lambda stream: (int(rtp.time_ns[stream.rows[0]]), stream.ssrc, stream.destination))


def _is_credible(rtp: RtpPackets, stream: Stream) -> bool:
    rows, extended = stream.rows, stream.extended
    stamps = rtp.timestamp[rows]
    return is_credible(rtp.time_ns[rows], extended, stamps, stream.payload_type) or (
        stream.payload_type >= DYNAMIC and are_key_presses(extended, stamps, rtp.tone[rows])
    )


def _groups(rtp: RtpPackets, announced: Announcements | None) -> Iterator[Ints]:
    """Yield the rows of each source, destination and SSRC, by time.

    Lone packets of an SSRC not otherwise seen not, but for the first few from an address to one that is announced.
    """
    if not len(rtp):
        return
    ids, firsts = group_rows(rtp.source, rtp.destination, rtp.ssrc)
    sizes = np.bincount(ids)
    often = np.unique(rtp.ssrc[firsts[sizes >= SHORTEST_STREAM]])
    wanted = np.isin(rtp.ssrc[firsts], often)
    if announced is not None:
        named = [number for number, endpoint in enumerate(rtp.endpoints) if endpoint in announced]
        short = np.flatnonzero(~wanted & np.isin(rtp.destination[firsts], named))
        pairs, _ = group_rows(rtp.source[firsts[short]], rtp.destination[firsts[short]])
        order = np.argsort(pairs, kind="stable")
        before = np.arange(len(short)) - np.searchsorted(pairs[order], pairs[order])
        wanted[short[order[before < MOST_SHORT]]] = True
    narrow = ids.astype(np.uint16) if len(firsts) < 1 << 16 else ids  # numpy sorts 16-bit numbers in linear time
    order = np.argsort(narrow, kind="stable")
    ends = np.cumsum(sizes)
    for number in np.flatnonzero(wanted):
        rows = order[ends[number] - sizes[number] : ends[number]]
        yield by_time(rtp.time_ns, rows)


def by_time(time_ns: Ints, rows: Ints) -> Ints:
    """Return `rows` in order of time; equal times stay in the capture's order."""
    times = time_ns[rows]
    return rows if (times[1:] >= times[:-1]).all() else rows[np.argsort(times, kind="stable")]


def _streams(
    rtp: RtpPackets, rows: Ints, calls: Callable[[TransportAddress, TransportAddress], list[Between]]
) -> Iterator[Stream]:
    """Yield the streams of the packets in `rows`, as the capture interface nearest to the receiver saw them.

    It is one, unless the source paused and began anew, or was silent between two calls.
    """
    interface = rtp.interface[rows]
    chosen = seen_on = interface[:1]
    if (interface != interface[0]).any():
        seen_on = np.unique(interface)
        extended = extend_sequence(rtp.sequence[rows])
        chosen = _nearest_to_receiver(rtp.time_ns[rows], extended, interface, seen_on)
        rows = rows[np.isin(interface, chosen)]
    source, destination = rtp.endpoints[rtp.source[rows[0]]], rtp.endpoints[rtp.destination[rows[0]]]
    for whole in _in_calls(rtp.time_ns, rows, calls(source, destination)):
        stray = strays(rtp.sequence[whole])
        part = np.delete(whole, stray) if len(stray) else whole
        numbering = renumber(rtp.sequence[part], rtp.timestamp[part], rtp.time_ns[part])
        again = copies_of_a_mirror(rtp.time_ns[part], numbering.extended, rtp.timestamp[part])
        for start, stop in pairwise((0, *numbering.begins, len(part))):
            kept = start + np.flatnonzero(~again[start:stop])
            yield Stream(
                source=source,
                destination=destination,
                ssrc=int(rtp.ssrc[rows[0]]),
                payload_type=usual_payload_type(rtp.payload_type[part[kept]]),
                interfaces=tuple(int(one) for one in chosen),
                seen_on=len(seen_on),
                rows=part[kept],
                extended=numbering.extended[kept],
                copies=stop - start - len(kept),
                restarts=tuple(int(np.searchsorted(kept, at)) for at in numbering.restarts if start < at < stop),
                strays=len(stray) if start == 0 else 0,
            )


def _in_calls(time_ns: Ints, rows: Ints, calls: list[Between]) -> Iterator[Ints]:
    """Yield the packets of each call: cut at the longest silence after one ended, if it is a silence, and one began."""
    times = time_ns[rows]
    cuts = set()
    for ended_ns, began_ns in calls:
        first = max(int(np.searchsorted(times, ended_ns)), 1)
        last = min(int(np.searchsorted(times, began_ns + _TAIL_NS)), len(rows) - 1)
        steps = np.diff(times[first - 1 : last + 1])
        if len(steps) and steps.max() >= _SILENCE_NS:
            cuts.add(first + int(steps.argmax()))
    for start, stop in pairwise((0, *sorted(cuts), len(rows))):
        yield rows[start:stop]


def _nearest_to_receiver(
    time_ns: Ints, extended: Ints, interface: NDArray[np.int32], names: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the interface that sees the stream's packets last, and those that share no packet with it.

    Interfaces are compared with the one that saw most, by the median difference over the packets that both saw.
    """
    seen = []
    for name in names:
        here = np.flatnonzero(interface == name)
        numbers, firsts = np.unique(extended[here], return_index=True)
        seen.append((numbers, time_ns[here[firsts]]))
    numbers, times = max(seen, key=lambda one: len(one[0]))
    behind = []
    for others, other_times in seen:
        _, mine, theirs = np.intersect1d(numbers, others, assume_unique=True, return_indices=True)
        behind.append(float(np.median(other_times[theirs] - times[mine])) if len(mine) else -np.inf)
    nearest = int(np.argmax(behind))
    apart = [not len(np.intersect1d(seen[nearest][0], one[0], assume_unique=True)) for one in seen]
    apart[nearest] = True
    return names[apart]


def clock_of(rtp: RtpPackets, stream: Stream) -> int | None:
    """Return the stream's RTP clock in Hz, see `nominal_clock`."""
    rows = stream.rows
    return nominal_clock(rtp.payload_type[rows], rtp.time_ns[rows], rtp.timestamp[rows])


def usual_payload_type(payload_type: NDArray[np.uint8]) -> int:
    """Return the most frequent payload type; the lowest of several."""
    return int(np.bincount(payload_type).argmax())


def nominal_clock(payload_type: NDArray[np.uint8], time_ns: Ints, timestamp: NDArray[np.uint32]) -> int | None:
    """Return an RTP clock in Hz: by the static payload type, or by how fast the timestamps went on.

    A dynamic payload type needs a second of stream, and a clock within 2 % of one in use; otherwise None.
    """
    if not len(payload_type):
        return None
    known = CLOCK_HZ.get(usual_payload_type(payload_type))
    span_ns = int(time_ns[-1] - time_ns[0])
    if known is not None or span_ns < 1_000_000_000:
        return known
    ticks = int(np.diff(timestamp).astype(np.int32).sum(dtype=np.int64))
    measured = ticks * 1_000_000_000 / span_ns
    nearest = min(KNOWN_CLOCKS, key=lambda clock: abs(clock - measured))
    return nearest if abs(nearest - measured) <= 0.02 * nearest else None
