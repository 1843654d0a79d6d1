"""IP fragments put together again: RFC 791 (3.2), RFC 8200 (4.5), RFC 5722.

Fragments are rare, so they are taken one by one. Each capture interface is on its own: what was seen at one interface
says nothing of what came in at another. What is put together is a packet of IP again, in a small capture of its own,
whose time is that of the fragment that made it whole. Nothing is put together of which a piece is missing, or of which
two pieces contradict each other.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure.capture.capture import CAPTURE_COLUMNS, NO_TIME, Capture, CaptureInterface

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from testbed.measure.capture.capture import Bytes, Ints

RAW = 101
PATIENCE_NS = {4: 30_000_000_000, 6: 60_000_000_000}
"""How long a receiver waits for the rest: Linux's ip_frag_time (RFC 791 leaves it open), RFC 8200, 4.5."""
MOST_WAITING = 4096
"""Datagrams that wait for pieces at once; the oldest goes first."""
MOST_BYTES = 1 << 28
"""Bytes that are put together; of datagrams beyond them only the first piece is kept, as in a short snapshot."""

WITHOUT_REST = "IP fragments without the rest"
CONTRADICTING = "IP fragments that contradict each other"
_FRAGMENT = 44
LARGEST = 65_535


class Fragment(NamedTuple):
    """One fragment: its packet in the capture, and what it says; `start` and `stop` are bytes of the payload.

    `at` is where its payload begins in the data, `there` how many bytes of it were captured. `head` is the header that
    the whole packet gets, but for its length.
    """

    row: int
    interface: int
    key: tuple[object, ...]
    version: int
    start: int
    stop: int
    is_last: bool
    at: int
    there: int
    head: bytes


class _Piece(NamedTuple):
    start: int
    stop: int
    data: bytes


@dataclass(slots=True)
class _Waiting:
    """A datagram in the making. `pieces` are in order and do not overlap; `rows` are all packets that belong to it."""

    since_ns: int
    interface: int
    pieces: list[_Piece] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    head: bytes | None = None
    total: int | None = None
    is_broken: bool = False
    is_done: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every byte is covered; `pieces` never overlap, so their lengths tell."""
        if self.total is None or self.head is None or self.is_broken:
            return False
        return sum(piece.stop - piece.start for piece in self.pieces) == self.total

    def add(self, fragment: Fragment, data: bytes) -> None:
        """Take a fragment; two that contradict each other break the datagram, for good (RFC 5722, 4)."""
        free, clashes = self.compare(fragment, data)
        self.is_broken |= clashes
        for start, stop in free:
            piece = _Piece(start, stop, data[start - fragment.start : stop - fragment.start])
            self.pieces.insert(bisect_left(self.pieces, piece), piece)
        if fragment.is_last:
            self.is_broken |= self.total not in {None, fragment.stop}
            self.total = fragment.stop
        if self.total is not None and self.pieces:
            self.is_broken |= self.pieces[-1].stop > self.total
        if fragment.start == 0 and self.head is None:
            self.head = fragment.head

    def compare(self, fragment: Fragment, data: bytes) -> tuple[list[tuple[int, int]], bool]:
        """Return the parts of a fragment that no piece has yet, and whether the others contradict what is there.

        RFC 8200, 4.5: of IPv6 fragments that overlap only exact duplicates may be forgiven. RFC 791 lets IPv4's
        overlap; where they differ nobody can tell which one the receiver took.
        """
        free, clashes, at = [], False, fragment.start
        first = max(bisect_left(self.pieces, fragment.start, key=lambda piece: piece.start) - 1, 0)
        for index in range(first, len(self.pieces)):
            piece = self.pieces[index]
            if piece.start >= fragment.stop:
                break
            if piece.stop <= at:
                continue
            same = (piece.start, piece.stop) == (fragment.start, fragment.stop)
            clashes |= (fragment.version == 6 and not same) or _differ(piece, fragment.start, data)
            if piece.start > at:
                free.append((at, piece.start))
            at = piece.stop
        if at < fragment.stop:
            free.append((at, fragment.stop))
        return free, clashes


def _differ(piece: _Piece, start: int, data: bytes) -> bool:
    """Whether a piece and other data from `start` on differ where both are there."""
    first, stop = max(piece.start, start), min(piece.start + len(piece.data), start + len(data))
    return first < stop and piece.data[first - piece.start : stop - piece.start] != data[first - start : stop - start]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What could be put together: a capture of IP packets, and for each the row of the fragment that made it whole.

    `used` are the rows of fragments that are in one of them, or of which nothing can be made.
    """

    capture: Capture
    rows: Ints
    used: Ints


def rebuild(capture: Capture, rows: Ints, ip: Ints, end: Ints, skipped: Counter[str]) -> Rebuilt:
    """Put fragments together. `rows` are theirs in the capture, `ip` where their IP headers begin, `end` their ends.

    An interface that saw first fragments only has been captured through a filter for ports, which later ones do not
    have: what could not be put together there stays as it is, the first piece of something.
    """
    table = _Table(skipped)
    for row, at, stop in zip(rows.tolist(), ip.tolist(), end.tolist(), strict=True):
        fragment = _parse(capture, row, at, stop)
        if fragment is None:
            skipped["damaged IP header"] += 1
            table.used.append(row)
        else:
            table.place(fragment, int(capture.time_ns[row]), capture.data)
    return Rebuilt(_capture(capture, table), np.array(table.made, dtype=np.int64), table.finish())


class _Table:
    """The datagrams that wait for pieces, and what became of others.

    `made` has the row of each whole packet, `data` their bytes, `sizes` how many of it are whose.
    """

    def __init__(self, skipped: Counter[str]) -> None:
        self._skipped = skipped
        self._waiting: dict[tuple[object, ...], _Waiting] = {}
        self._incomplete, self._at_interface = array("q"), array("q")
        self._seen_later: set[int] = set()
        self.used, self.made, self.sizes = array("q"), array("q"), array("q")
        self.data = bytearray()

    def place(self, fragment: Fragment, now_ns: int, data: Bytes) -> None:
        """Put a fragment where it belongs."""
        there = data[fragment.at : fragment.at + fragment.there].tobytes()
        if fragment.start:
            self._seen_later.add(fragment.interface)
        known = self._waiting.get(fragment.key)
        if known is not None and _is_over(known, fragment, there, now_ns):
            self._retire(self._waiting.pop(fragment.key))
            known = None
        if known is None:
            if len(self._waiting) >= MOST_WAITING:
                self._retire(self._waiting.pop(next(iter(self._waiting))))
            known = self._waiting[fragment.key] = _Waiting(now_ns, fragment.interface)
        known.rows.append(fragment.row)
        if known.is_done or known.is_broken:
            return
        known.add(fragment, there)
        if known.is_whole:
            known.is_done = True
            packet = _join(known, first_only=len(self.data) > MOST_BYTES)
            self.made.append(fragment.row)
            self.sizes.append(len(packet))
            self.data += packet

    def _retire(self, one: _Waiting) -> None:
        if one.is_done:
            self.used.extend(one.rows)
        elif one.is_broken:
            self._skipped[CONTRADICTING] += len(one.rows)
            self.used.extend(one.rows)
        else:
            self._incomplete.extend(one.rows)
            self._at_interface.extend([one.interface] * len(one.rows))

    def finish(self) -> Ints:
        """Give up what still waits; return the rows that must not be taken for datagrams."""
        for one in self._waiting.values():
            self._retire(one)
        self._waiting.clear()
        rows, interface = np.array(self._incomplete, dtype=np.int64), np.array(self._at_interface, dtype=np.int64)
        lost = rows[np.isin(interface, sorted(self._seen_later))]
        self._skipped[WITHOUT_REST] += len(lost)
        return np.sort(np.concatenate([np.array(self.used, dtype=np.int64), lost]))


def _is_over(known: _Waiting, fragment: Fragment, data: bytes, now_ns: int) -> bool:
    """Whether a fragment is of another datagram that has the same number as one before it."""
    if NO_TIME not in {now_ns, known.since_ns} and abs(now_ns - known.since_ns) > PATIENCE_NS[fragment.version]:
        return True
    free, clashes = known.compare(fragment, data)
    return known.is_done and (bool(free) or clashes)


def _join(one: _Waiting, *, first_only: bool) -> bytes:
    """Return the packet, up to the first byte that was not captured."""
    head, total, parts = one.head or b"", one.total or 0, []
    for piece in one.pieces:
        parts.append(piece.data)
        if first_only or len(piece.data) < piece.stop - piece.start:
            break
    is_v6 = head[0] >> 4 == 6
    at, size = (4, len(head) - 40 + total) if is_v6 else (2, len(head) + total)
    return head[:at] + size.to_bytes(2, "big") + head[at + 2 :] + b"".join(parts)


def _capture(capture: Capture, table: _Table) -> Capture:
    """Return the whole packets as a capture of their own, with the interfaces of the one that they are from."""
    rows, sizes = np.array(table.made, dtype=np.int64), np.array(table.sizes, dtype=np.int64)
    return replace(
        capture,
        data=np.frombuffer(bytes(table.data) or b"\0", dtype=np.uint8),
        time_ns=capture.time_ns[rows],
        interface=capture.interface[rows],
        offset=np.cumsum(sizes) - sizes,
        captured=sizes.astype(np.int32),
        original=sizes.astype(np.uint32),
        interfaces=tuple(CaptureInterface(one.name, RAW) for one in capture.interfaces),
        warnings=(),
    )


def joined(rounds: Sequence[Rebuilt]) -> Rebuilt:
    """Return what was put together in several rounds, each from the packets of the one before, as if in one.

    What a later round used, or could not use, is no packet of an earlier one any more.
    """
    if len(rounds) == 1:
        return rounds[0]
    rows, parts = np.arange(0), []
    for number, one in enumerate(rounds):
        rows = rows[one.rows] if number else one.rows
        used = rounds[number + 1].used if number + 1 < len(rounds) else np.arange(0)
        left = np.flatnonzero(~np.isin(np.arange(len(rows)), used))
        parts.append((one.capture, rows, left))
    shifts = np.cumsum([0, *(len(one.data) for one, _, _ in parts)])
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(one, name)[left] for one, _, left in parts]) for name in CAPTURE_COLUMNS
    }
    columns["offset"] += np.repeat(shifts[:-1], [len(left) for *_, left in parts])
    data = np.concatenate([one.data for one, _, _ in parts])
    capture = replace(rounds[0].capture, data=data, **columns)
    return Rebuilt(capture, np.concatenate([rows[left] for _, rows, left in parts]), rounds[0].used)


def _parse(capture: Capture, row: int, at: int, end: int) -> Fragment | None:
    """Read one fragment; None when it is none that a receiver would take."""
    data = capture.data
    version = int(data[at] >> 4)
    found = (_parse_v4 if version == 4 else _parse_v6)(data, at, end)
    if found is None:
        return None
    key, start, length, more, payload_at, head = found
    largest = LARGEST if version == 4 else LARGEST + 40
    # Every piece but the last one has a multiple of 8 bytes (RFC 791, 3.2; RFC 8200, 4.5), none goes over the end.
    if length <= 0 or (more and length % 8) or start + length + len(head) > largest:
        return None
    interface = int(capture.interface[row])
    there = max(min(end - payload_at, length), 0)
    return Fragment(
        row, interface, (interface, *key), version, start, start + length, not more, payload_at, there, head
    )


_Parsed = tuple[tuple[object, ...], int, int, bool, int, bytes]


def _parse_v4(data: Bytes, at: int, end: int) -> _Parsed | None:
    size = (int(data[at]) & 15) * 4
    head = data[at : at + size].tobytes()
    if at + size > end:
        return None
    flags = int.from_bytes(head[6:8], "big")
    length = int.from_bytes(head[2:4], "big") - size
    key = (head[12:16], head[16:20], head[9], head[4:6])
    clean = head[:6] + b"\0\0" + head[8:]
    return key, (flags & 0x1FFF) * 8, length, bool(flags & 0x2000), at + size, clean


def _parse_v6(data: Bytes, at: int, end: int) -> _Parsed | None:
    """Step over the headers before the fragment header; the whole packet has them, and no fragment header."""
    ends_at = at + 40 + int.from_bytes(data[at + 4 : at + 6].tobytes(), "big")
    kind_at, here = at + 6, at + 40
    while here + 8 <= end and data[kind_at] != _FRAGMENT:
        kind_at, here = here, here + (int(data[here + 1]) + 1) * 8
    if here + 8 > end or data[kind_at] != _FRAGMENT:
        return None
    header = data[here : here + 8].tobytes()
    head = bytearray(data[at:here].tobytes())
    head[kind_at - at] = header[0]
    word = int.from_bytes(header[2:4], "big")
    key = (bytes(head[8:24]), bytes(head[24:40]), header[4:8])
    return key, word & 0xFFF8, ends_at - here - 8, bool(word & 1), here + 8, bytes(head)
