"""pcapng files into arrays: sections, several interfaces, any time resolution (draft-ietf-opsawg-pcapng).

Read: Section Header, Interface Description, Enhanced and Simple Packet, the obsolete Packet, Interface Statistics (for
dropped packets). Other blocks are stepped over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.capture.capture import (
    CAPTURE_COLUMNS,
    NO_TIME,
    Bytes,
    Capture,
    CaptureInterface,
    Columns,
    Ints,
    release,
    words,
)
from testbed.measure.capture.errors import CaptureError
from testbed.measure.capture.record_chain import WINDOW, Layout, Stop, Walk, walk

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
    """What was read so far, over all sections; `first` is the number of the section's first interface."""

    columns: Columns = field(default_factory=lambda: Columns(CAPTURE_COLUMNS))
    interfaces: list[CaptureInterface] = field(default_factory=list)
    clocks: list[_Clock] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    dropped: dict[int, int] = field(default_factory=dict)
    sections: int = 0
    first: int = 0
    impossible: int = 0


def read_pcapng(path: Path, data: Bytes) -> Capture:
    """Read the sections of a pcapng file one after the other; what is damaged ends the reading with a warning."""
    parts, order = _Parts(), "<"
    position, stop = 0, Stop.WORD
    while stop in (Stop.WORD, Stop.PAUSE):
        if stop is Stop.WORD:
            parts.sections, parts.first = parts.sections + 1, len(parts.interfaces)
            try:
                order, position = _section_start(data, position, parts.sections)
            except ValueError as error:
                if position == 0:
                    raise CaptureError(path, str(error)) from None
                parts.warnings.append(f"{error}; what follows was left out")
                break
        chain = walk(data, position, _layout(order), WINDOW)
        is_whole = _read_blocks(data, order, chain, parts)
        release(data, position, chain.position)
        position, stop = chain.position, chain.stop
        if not is_whole:
            break
        if stop in (Stop.CUT, Stop.ABSURD):
            how = "cut off" if stop is Stop.CUT else "damaged (impossible block length)"
            parts.warnings.append(f"{how} at byte {position}: the last {len(data) - position} bytes were left out")
    if not parts.interfaces and parts.warnings:
        raise CaptureError(path, f"holds no packets: {parts.warnings[0]}")
    return _joined(path, data, parts)


def _layout(order: str) -> Layout:
    return Layout(
        order=order,
        length_at=4,
        key_at=0,
        overhead=0,
        header=12,
        smallest=12,
        largest=LONGEST_BLOCK,
        stop_word=_SECTION,
    )


def _joined(path: Path, data: Bytes, parts: _Parts) -> Capture:
    columns = parts.columns.take()
    untimed = int((columns["time_ns"] == NO_TIME).sum())
    for count, what in (
        (parts.impossible, "packets of an unknown interface or impossible length left out"),
        (untimed, "packets without a usable time: they count nowhere"),
    ):
        if count:
            parts.warnings.append(f"{count} {what}")
    for number, count in sorted(parts.dropped.items()):
        if count:  # every number from such a capture is in doubt
            parts.warnings.append(
                f"the capture dropped {count} packets on interface {parts.interfaces[number].name or number}"
            )
    return Capture(path=path, data=data, **columns, interfaces=tuple(parts.interfaces), warnings=tuple(parts.warnings))


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
    """Add these blocks' interfaces and packets to `parts`; False when a damaged block ends the reading."""
    if not len(chain.offsets):
        return True
    offsets, heads = chain.offsets, _heads(data, order, chain.offsets)
    kinds, lengths = heads["kind"], heads["length"]
    (last,) = np.frombuffer(data[chain.position - 4 : chain.position].tobytes(), order + "u4")
    trailers = np.append(heads["before"][1:], last)
    damaged = np.flatnonzero((trailers != lengths) | (lengths & 3 != 0))
    if len(damaged):
        at = int(offsets[damaged[0]])
        parts.warnings.append(f"damaged at byte {at}: a block's two lengths differ; what follows was left out")
        offsets, heads, kinds, lengths = (column[: damaged[0]] for column in (offsets, heads, kinds, lengths))
    is_old = (kinds == _OLD_PACKET) & (lengths >= 32)
    heads["interface"][is_old] = words(data, order + "u2")[offsets[is_old] + 8]  # beside a count of drops
    is_enhanced = is_old | ((kinds == _ENHANCED) & (lengths >= 32))
    is_simple = (kinds == _SIMPLE) & (lengths >= 16)
    if is_enhanced.all():
        parts.columns.add(**_enhanced(heads, offsets, parts))
        return not len(damaged)
    for at in offsets[(kinds == _INTERFACE) & (lengths >= 20)]:
        _add_interface(data, order, int(at), parts)
    for at in offsets[(kinds == _STATISTICS) & (lengths >= 24)]:
        _note_drops(data, order, int(at), parts)
    columns = _enhanced(heads[is_enhanced], offsets[is_enhanced], parts)
    if is_simple.any():
        more = _simple(heads[is_simple], offsets[is_simple], parts)
        both = {name: np.concatenate([column, more[name]]) for name, column in columns.items()}
        rows = np.argsort(both["offset"])
        columns = {name: column[rows] for name, column in both.items()}
    parts.columns.add(**columns)
    return not len(damaged)


def _heads(data: Bytes, order: str, offsets: Ints) -> NDArray[Any]:
    """Return what blocks at these offsets may begin with (as an Enhanced Packet Block), and the word `before` each.

    What goes beyond the file's end is 0.
    """
    names = ("before", "kind", "length", "interface", "high", "low", "captured", "original")
    kind = np.dtype([(name, order + "u4") for name in names])
    fits = int(np.searchsorted(offsets, len(data) - 28, side="right"))
    heads: NDArray[Any] = words(data, "V32")[offsets[:fits] - 4].view(kind)
    rest = [data[offset - 4 :].tobytes()[:32].ljust(32, b"\0") for offset in offsets[fits:].tolist()]
    return np.concatenate([heads, np.frombuffer(b"".join(rest), kind)]) if rest else heads


def _enhanced(heads: NDArray[Any], offsets: Ints, parts: _Parts) -> dict[str, NDArray[Any]]:
    """Return the columns of a `Capture` of the Enhanced Packet Blocks at `offsets`."""
    interface = heads["interface"].astype(np.int64) + parts.first
    good = (interface < len(parts.interfaces)) & (heads["captured"] <= heads["length"] - 32)
    if not good.all():
        parts.impossible += int((~good).sum())
        heads, offsets, interface = heads[good], offsets[good], interface[good]
    ticks = (heads["high"].astype(np.uint64) << np.uint64(32)) | heads["low"]
    return {
        "time_ns": _to_ns(ticks, interface, parts.clocks),
        "interface": interface,
        "offset": offsets + 28,
        "captured": heads["captured"],
        "original": heads["original"],
    }


def _simple(heads: NDArray[Any], offsets: Ints, parts: _Parts) -> dict[str, NDArray[Any]]:
    """Return the columns of the Simple Packet Blocks at `offsets`: of the section's first interface, without a time."""
    lengths, original = heads["length"].astype(np.int64), heads["interface"].astype(np.int64)  # by their places
    if parts.first >= len(parts.interfaces):
        parts.impossible += len(offsets)
        offsets, lengths, original = offsets[:0], lengths[:0], original[:0]
        snaplen = 0
    else:
        snaplen = parts.interfaces[parts.first].snaplen or LONGEST_BLOCK
    return {
        "time_ns": np.full(len(offsets), NO_TIME),
        "interface": np.full(len(offsets), parts.first),
        "offset": offsets + 12,
        "captured": np.minimum(np.minimum(original, snaplen), lengths - 16),
        "original": original,
    }


def _to_ns(ticks: NDArray[np.uint64], interface: Ints, clocks: list[_Clock]) -> Ints:
    """Return nanoseconds since the epoch for each interface's own ticks; what does not fit is `NO_TIME`."""
    time_ns = np.full(len(ticks), NO_TIME, dtype=np.int64)
    resolutions = np.array([clock.resolution for clock in clocks], dtype=np.uint8)
    offsets = np.array([clock.offset_s for clock in clocks], dtype=np.int64)
    limit = int(np.iinfo(np.int64).max) // 1_000_000_000 - 1
    used = np.unique(resolutions).tolist()
    for resolution in used:
        mine = np.flatnonzero(resolutions[interface] == resolution) if len(used) > 1 else slice(None)
        whole, rest = _split(ticks[mine], resolution)
        seconds = whole.astype(np.int64) + offsets[interface[mine]]
        fits = (whole <= limit) & (seconds >= 0) & (seconds <= limit)
        here = seconds * 1_000_000_000 + rest.astype(np.int64)
        time_ns[mine] = np.where(fits, here, NO_TIME)
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
    whole = ticks // np.uint64(10**exponent)
    rest = ticks - whole * np.uint64(10**exponent)
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
        CaptureInterface(
            name=_text(options.get(_IF_NAME)),
            linktype=linktype,
            snaplen=snaplen,
            description=_text(options.get(_IF_DESCRIPTION)),
        )
    )


def _note_drops(data: Bytes, order: str, at: int, parts: _Parts) -> None:
    """Note an interface's count of dropped packets; it counts from the start of the capture, so the last one holds."""
    number = parts.first + int(words(data, order + "u4")[at + 8])
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
