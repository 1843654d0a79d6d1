"""pcapng files into arrays: sections, several interfaces, any time resolution (draft-ietf-opsawg-pcapng).

Read: Section Header, Interface Description, Enhanced and Simple Packet, Interface Statistics (for dropped packets).
Other blocks are stepped over. Not done: the obsolete Packet Block (a warning counts them).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture import NO_TIME, Bytes, Capture, Interface, Ints, words
from testbed.measure.chain import Layout, Stop, Walk, walk
from testbed.measure.errors import CaptureError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SECTION_HEADER = b"\x0a\x0d\x0d\x0a"
LONGEST_BLOCK = 16 << 20
"""Wireshark's bound for one block; more is damage."""

MOST_SECTIONS = 10_000
"""A file with more is made to keep a reader busy."""

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _STATISTICS, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 5, 6
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_IF_NAME, _IF_DESCRIPTION, _IF_TSRESOL, _IF_TSOFFSET, _ISB_IFDROP = 2, 3, 9, 14, 5


@dataclass(frozen=True, slots=True)
class _Clock:
    """How an interface counts time: `resolution` as in if_tsresol, and seconds to add."""

    resolution: int = 6
    offset_s: int = 0


@dataclass(slots=True)
class _Parts:
    """What was read so far, over all sections."""

    interfaces: list[Interface] = field(default_factory=list)
    clocks: list[_Clock] = field(default_factory=list)
    time_ns: list[Ints] = field(default_factory=list)
    interface: list[Ints] = field(default_factory=list)
    offset: list[Ints] = field(default_factory=list)
    captured: list[Ints] = field(default_factory=list)
    original: list[Ints] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    dropped: dict[int, int] = field(default_factory=dict)
    sections: int = 0


def read_pcapng(path: Path, data: Bytes) -> Capture:
    """Read the sections of a pcapng file one after the other; what is damaged ends the reading with a warning."""
    parts = _Parts()
    position, stop = 0, Stop.WORD
    while stop is Stop.WORD:
        parts.sections += 1
        try:
            order, position = _section_start(data, position, parts.sections)
        except ValueError as error:
            if position == 0:
                raise CaptureError(path, str(error)) from None
            parts.warnings.append(f"{error}; what follows was left out")
            break
        layout = Layout(
            order=order,
            length_at=4,
            overhead=0,
            header=12,
            smallest=12,
            largest=LONGEST_BLOCK,
            stop_word=_SECTION,
        )
        chain = walk(data, position, layout)
        position, stop = chain.position, chain.stop
        if not _read_blocks(data, order, chain, parts):
            break
        if stop in (Stop.CUT, Stop.ABSURD):
            how = "cut off" if stop is Stop.CUT else "damaged (impossible block length)"
            parts.warnings.append(f"{how} at byte {position}: the last {len(data) - position} bytes were left out")
    if not parts.interfaces and parts.warnings:
        raise CaptureError(path, f"holds no packets: {parts.warnings[0]}")
    return _joined(path, data, parts)


def _joined(path: Path, data: Bytes, parts: _Parts) -> Capture:
    def join(pieces: list[Ints]) -> Ints:
        return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)

    time_ns = join(parts.time_ns)
    untimed = int((time_ns == NO_TIME).sum())
    if untimed:
        parts.warnings.append(f"{untimed} packets without a usable time: they count nowhere")
    for number, count in sorted(parts.dropped.items()):
        if count:  # every number from such a capture is in doubt
            parts.warnings.append(
                f"the capture dropped {count} packets on interface {parts.interfaces[number].name or number}"
            )
    return Capture(
        path=path,
        data=data,
        time_ns=time_ns,
        interface=join(parts.interface).astype(np.int32),
        offset=join(parts.offset),
        captured=join(parts.captured),
        original=join(parts.original),
        interfaces=tuple(parts.interfaces),
        warnings=tuple(parts.warnings),
    )


def _section_start(data: Bytes, position: int, number: int) -> tuple[str, int]:
    """Return the byte order of section `number` at `position` and where its first block lies; ValueError if damaged."""
    if number > MOST_SECTIONS:
        raise ValueError(f"more than {MOST_SECTIONS} sections, at byte {position}")
    head = data[position : position + 24].tobytes()
    if len(head) < 24:
        raise ValueError(f"cut off in the section header at byte {position}")
    order = _BYTE_ORDERS.get(head[8:12])
    if order is None:
        raise ValueError(f"the section at byte {position} has no byte-order magic ({head[8:12].hex(' ')})")
    length = int(np.frombuffer(head, order + "u4")[1])
    major = int(np.frombuffer(head, order + "u2")[6])
    if major != 1:
        raise ValueError(f"pcapng version {major} at byte {position} is not known")
    if length < 28 or length % 4 or position + length > len(data):
        raise ValueError(f"the section header at byte {position} says it is {length} bytes long")
    return order, position + length


def _read_blocks(data: Bytes, order: str, chain: Walk, parts: _Parts) -> bool:
    """Add the section's interfaces and packets to `parts`; False when a damaged block ends the reading."""
    numbers, offsets = words(data, order + "u4"), chain.offsets
    lengths = numbers[offsets + 4].astype(np.int64)
    damaged = np.flatnonzero((numbers[offsets + lengths - 4] != lengths) | (lengths % 4 != 0))
    if len(damaged):
        at = int(offsets[damaged[0]])
        parts.warnings.append(f"damaged at byte {at}: a block's two lengths differ; what follows was left out")
        offsets, lengths = offsets[: damaged[0]], lengths[: damaged[0]]
    kinds = numbers[offsets]
    first = len(parts.interfaces)
    for at in offsets[(kinds == _INTERFACE) & (lengths >= 20)]:
        _add_interface(data, order, int(at), parts)
    for at in offsets[(kinds == _STATISTICS) & (lengths >= 24)]:
        _note_drops(data, order, int(at), first, parts)
    old = int((kinds == _OLD_PACKET).sum())
    if old:
        parts.warnings.append(f"{old} packets in the obsolete Packet Block were left out")
    here = ((kinds == _ENHANCED) & (lengths >= 32)) | ((kinds == _SIMPLE) & (lengths >= 16))
    _add_packets(numbers, offsets[here], first, parts)
    return not len(damaged)


def _add_packets(numbers: NDArray[np.uint32], offsets: Ints, first: int, parts: _Parts) -> None:
    """Decode the packet blocks at `offsets`; interface numbers of this section start at `first`."""
    if not len(offsets):
        return
    enhanced = numbers[offsets] == _ENHANCED
    # A simple block is shorter than an enhanced one: ask for fields that it has not only at its own start.
    there = np.where(enhanced, offsets, 0)
    room = numbers[offsets + 4].astype(np.int64) - np.where(enhanced, 32, 16)
    interface = np.where(enhanced, numbers[there + 8], 0).astype(np.int64) + first
    original = np.where(enhanced, numbers[there + 24], numbers[offsets + 8]).astype(np.int64)
    snaplen = np.array([one.snaplen or LONGEST_BLOCK for one in parts.interfaces[first:]] or [0], dtype=np.int64)
    captured = np.where(
        enhanced, numbers[there + 20].astype(np.int64), np.minimum(np.minimum(original, snaplen[0]), room)
    )
    good = (interface < len(parts.interfaces)) & (captured <= room)
    if not good.all():
        parts.warnings.append(f"{int((~good).sum())} packets of an unknown interface or impossible length left out")
    ticks = (numbers[there + 12].astype(np.uint64) << np.uint64(32)) | numbers[there + 16]
    time_ns = _to_ns(ticks[good], interface[good], parts.clocks)
    time_ns[~enhanced[good]] = NO_TIME
    parts.time_ns.append(time_ns)
    parts.interface.append(interface[good])
    parts.offset.append((offsets + np.where(enhanced, 28, 12))[good])
    parts.captured.append(captured[good])
    parts.original.append(original[good])


def _to_ns(ticks: NDArray[np.uint64], interface: Ints, clocks: list[_Clock]) -> Ints:
    """Return nanoseconds since the epoch for each interface's own ticks; what does not fit is `NO_TIME`."""
    time_ns = np.full(len(ticks), NO_TIME, dtype=np.int64)
    kinds = {clock: number for number, clock in enumerate(dict.fromkeys(clocks))}
    which = np.array([kinds[clock] for clock in clocks] or [0])[interface]
    for clock, number in kinds.items():
        mine = np.flatnonzero(which == number)
        whole, rest = _split(ticks[mine], clock.resolution)
        limit = int(np.iinfo(np.int64).max) // 1_000_000_000 - 1
        seconds = whole.astype(np.int64) + clock.offset_s
        fits = (whole <= limit) & (seconds >= 0) & (seconds <= limit)
        time_ns[mine[fits]] = seconds[fits] * 1_000_000_000 + rest[fits].astype(np.int64)
    return time_ns


def _split(ticks: NDArray[np.uint64], resolution: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return whole seconds and the nanoseconds beyond them; `resolution` is the if_tsresol byte."""
    exponent = resolution & 0x7F
    if resolution & 0x80:
        if exponent > 63:
            return np.zeros_like(ticks), np.zeros_like(ticks)
        whole = ticks >> np.uint64(exponent)
        rest = ticks & np.uint64((1 << exponent) - 1)
        # 10^9 takes 30 bits: drop what would not fit into 64, far below a nanosecond.
        drop = max(exponent - 34, 0)
        return whole, ((rest >> np.uint64(drop)) * np.uint64(1_000_000_000)) >> np.uint64(exponent - drop)
    if exponent > 19:
        return np.zeros_like(ticks), np.zeros_like(ticks)
    whole, rest = np.divmod(ticks, np.uint64(10**exponent))
    if exponent <= 9:
        return whole, rest * np.uint64(10 ** (9 - exponent))
    return whole, rest // np.uint64(10 ** (exponent - 9))


def _add_interface(data: Bytes, order: str, at: int, parts: _Parts) -> None:
    linktype = int(words(data, order + "u2")[at + 8])
    snaplen = int(words(data, order + "u4")[at + 12])
    options = _options(data, order, at, 16)
    offset = options.get(_IF_TSOFFSET, b"")
    parts.clocks.append(
        _Clock(
            resolution=options.get(_IF_TSRESOL, b"\x06")[:1].ljust(1, b"\x06")[0],
            offset_s=int(np.frombuffer(offset, order + "i8")[0]) if len(offset) == 8 else 0,
        )
    )
    parts.interfaces.append(
        Interface(
            name=_text(options.get(_IF_NAME)),
            linktype=linktype,
            snaplen=snaplen,
            description=_text(options.get(_IF_DESCRIPTION)),
        )
    )


def _note_drops(data: Bytes, order: str, at: int, first: int, parts: _Parts) -> None:
    """Note an interface's count of dropped packets; it counts from the start of the capture, so the last one holds."""
    number = first + int(words(data, order + "u4")[at + 8])
    dropped = _options(data, order, at, 20).get(_ISB_IFDROP, b"")
    if len(dropped) == 8 and number < len(parts.interfaces):
        parts.dropped[number] = int(np.frombuffer(dropped, order + "u8")[0])


def _options(data: Bytes, order: str, at: int, start: int) -> dict[int, bytes]:
    """Return the options of the block at `at`, the first of each code; a damaged list ends where it is damaged."""
    end = at + int(words(data, order + "u4")[at + 4]) - 4
    halves, position, found = words(data, order + "u2"), at + start, dict[int, bytes]()
    while position + 4 <= end:
        code, size = int(halves[position]), int(halves[position + 2])
        if code == 0 or position + 4 + size > end:
            break
        found.setdefault(code, data[position + 4 : position + 4 + size].tobytes())
        position += 4 + size + (-size % 4)
    return found


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    return value.rstrip(b"\0").decode("utf-8", "replace")
