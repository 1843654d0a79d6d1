"""RTP streams found by their regularity, or because signalling announced them.

A datagram may be RTP when its header fits (RFC 3550, 5.1); a stream is accepted when its sequence numbers and
timestamps go on as those of one source do. A stream is one SSRC between two transport addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.capture import NO_TIME, Capture, Ints, words
from testbed.measure.rtp.stream_numbers import extend_sequence, in_sequence
from testbed.measure.wire.grouping import group_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from testbed.measure.sip.announced import Announcements
    from testbed.measure.wire.packets import Datagrams, Piece, TransportAddress

CLOCK_HZ = {
    **dict.fromkeys((0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18), 8000),
    **dict.fromkeys((10, 11), 44100),
    6: 16000,
    16: 11025,
    17: 22050,
    **dict.fromkeys((14, 25, 26, 28, 31, 32, 33, 34), 90000),
}
"""Static payload type -> RTP clock (RFC 3551, tables 4 and 5)."""

KNOWN_CLOCKS = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 90000)

SHORTEST_STREAM = 3
"""Different packets that a stream must have to be believed on its own."""

MOST_SHORT = 32
"""Streams between two addresses that are too short to be believed on their own, though signalling announced them."""

_FIELDS = np.dtype([("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
_HEADER = _FIELDS.itemsize
_REGULAR = 0.8
_LARGEST_STEP = 3000  # RFC 3550, A.1: MAX_DROPOUT


@dataclass(frozen=True, slots=True)
class RtpPackets:
    """The datagrams that may be RTP, in the capture's order; one entry a packet.

    `source` and `destination` index `endpoints`, `interface` the capture's interfaces, `packet` its rows.
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
    endpoints: tuple[TransportAddress, ...]

    def __len__(self) -> int:
        return len(self.packet)


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
}


@dataclass(frozen=True, slots=True)
class Stream:
    """One SSRC between two transport addresses, seen at one capture interface.

    `rows` are its packets in `RtpPackets`, in order of arrival, and `extended` their sequence numbers without wrap.
    `seen_on` is how many capture interfaces saw it; `interfaces` is the one that saw it last, and with it those that
    saw other packets of it only (a capture in several sections, a stream spread over several links). `found` is "sdp"
    where signalling announced its destination and payload type, else "regularity".
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


def find_rtp(capture: Capture, datagrams: Datagrams) -> RtpPackets:
    """Return the datagrams whose header can be one of RTP; RTCP shares its first bits and is left out (RFC 5761, 4).

    One that came in several IP fragments came with the fragment that made it whole.
    """
    _, columns = rtp_columns(capture, datagrams)
    found = RtpPackets(**columns, endpoints=datagrams.endpoints)
    if datagrams.rebuilt is None:
        return found
    rebuilt, within = datagrams.rebuilt
    _, columns = rtp_columns(rebuilt.capture, within)
    columns["packet"] = rebuilt.rows[columns["packet"]]
    return merge(found, RtpPackets(**columns, endpoints=found.endpoints))


def merge(one: RtpPackets, other: RtpPackets) -> RtpPackets:
    """Return the packets of both, in the capture's order."""
    if not len(one) or not len(other):
        return one if len(one) else other
    order = np.argsort(np.concatenate([one.packet, other.packet]), kind="stable")
    names = [column.name for column in fields(RtpPackets) if column.name != "endpoints"]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])[order] for name in names
    }
    return RtpPackets(**columns, endpoints=one.endpoints)


def rtp_columns(capture: Capture, datagrams: Piece) -> tuple[Ints, dict[str, Any]]:
    """Return which of the datagrams have a time and a header that can be one of RTP (RFC 3550, 5.1), and what it says.

    That are the columns of `RtpPackets` but for the endpoints.
    """
    rows = np.flatnonzero((datagrams.captured >= _HEADER) & (capture.time_ns[datagrams.packet] != NO_TIME))
    heads = words(capture.data, f"V{_HEADER}")[datagrams.offset[rows]].view(_FIELDS)
    first, payload_type = heads["first"], heads["second"] & 0x7F
    fits = (first >> 6 == 2) & ((payload_type < 64) | (payload_type >= 96))
    fits &= _HEADER + 4 * (first & 15).astype(np.int64) <= datagrams.length[rows]
    if not fits.all():
        rows, heads, payload_type = rows[fits], heads[fits], payload_type[fits]
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
    }


def find_streams(rtp: RtpPackets, announced: Announcements | None = None) -> list[Stream]:
    """Return the streams in the order of their first packets; what was `announced` need not be long or regular.

    A stream that is too short to be believed on its own is accepted when its SSRC has an accepted stream elsewhere:
    after a handover that is how a path with three packets looks.
    """
    accepted: list[Stream] = []
    short: list[Stream] = []
    for rows in _groups(rtp, announced):
        stream = _stream(rtp, rows)
        last_ns = int(rtp.time_ns[stream.rows[-1]])
        if announced is not None and announced.expects(stream.destination, stream.payload_type, last_ns):
            accepted.append(replace(stream, found="sdp"))
            continue
        (accepted if is_regular(stream.extended, rtp.timestamp[stream.rows]) else short).append(stream)
    known = {stream.ssrc for stream in accepted}
    accepted += [stream for stream in short if stream.ssrc in known]
    return sorted(accepted, key=lambda stream: (int(rtp.time_ns[stream.rows[0]]), stream.ssrc, stream.destination))


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


def _stream(rtp: RtpPackets, rows: Ints) -> Stream:
    """Make a stream of the packets in `rows`, as the capture interface nearest to the receiver saw them."""
    extended = extend_sequence(rtp.sequence[rows])
    interface = rtp.interface[rows]
    chosen = seen_on = interface[:1]
    if (interface != interface[0]).any():
        seen_on = np.unique(interface)
        chosen = _nearest_to_receiver(rtp.time_ns[rows], extended, interface, seen_on)
        here = np.isin(interface, chosen)
        rows, extended = rows[here], extended[here]
    return Stream(
        source=rtp.endpoints[rtp.source[rows[0]]],
        destination=rtp.endpoints[rtp.destination[rows[0]]],
        ssrc=int(rtp.ssrc[rows[0]]),
        payload_type=usual_payload_type(rtp.payload_type[rows]),
        interfaces=tuple(int(one) for one in chosen),
        seen_on=len(seen_on),
        rows=rows,
        extended=extended,
    )


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


def is_regular(extended: Ints, timestamp: NDArray[np.uint32]) -> bool:
    """Return whether the numbers go on as those of one RTP source: small steps, timestamps that follow them."""
    firsts = in_sequence(extended)
    if len(firsts) < SHORTEST_STREAM or (np.abs(np.diff(extended)) <= _LARGEST_STEP).mean() < _REGULAR:
        return False
    clock = np.diff(timestamp[firsts]).astype(np.int32)
    return bool((clock >= 0).mean() >= _REGULAR)


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
