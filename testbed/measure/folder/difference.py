"""Are two runs the same, byte for byte? If not: which packet is the first that differs?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture_bytes import load
from testbed.measure.capture.errors import CaptureError
from testbed.measure.capture.pcap import read_capture

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Bytes, Capture

CAPTURES = "captures"
_FILE_HEADER, _RECORD_HEADER = 24, 16
_CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference of two runs: file in the run folder, packet (from 1) and its time where it is in a packet.

    `time_ns` is that of run A, or of B where only B has the packet.
    """

    file: str
    what: str
    packet: int | None = None
    time_ns: int | None = None

    def __str__(self) -> str:
        where = self.file
        if self.packet is not None:
            where += f", packet {self.packet}"
        if self.time_ns is not None:
            where += f" at {self.time_ns // 10**9}.{self.time_ns % 10**9:09d} s"
        return f"{where}: {self.what}"


def first_difference(folder_a: Path, folder_b: Path) -> Difference | None:
    """Compare the captures of two run folders; None when every byte is the same.

    A file that only one has comes first, then the packet that is earliest in time, over all files.
    """
    names_a, names_b = _names(folder_a), _names(folder_b)
    for name in sorted(names_a ^ names_b):
        return Difference(f"{CAPTURES}/{name}", f"only in {folder_a if name in names_a else folder_b}")
    found = []
    for name in sorted(names_a):
        difference = _compare(folder_a / CAPTURES / name, folder_b / CAPTURES / name)
        if difference is not None:
            found.append(difference)
    return min(found, key=lambda one: (one.time_ns is not None, one.time_ns or 0, one.file), default=None)


def _names(folder: Path) -> set[str]:
    names = {path.name for path in (folder / CAPTURES).glob("*.pcap")}
    if not names:
        raise CaptureError(folder / CAPTURES, "holds no .pcap files: nothing to compare")
    return names


def _compare(path_a: Path, path_b: Path) -> Difference | None:
    """Compare two classic pcap files: up to the first byte that differs, the packets lie in the same places."""
    a, b = load(path_a), load(path_b)
    at = _first_byte(a, b)
    if at is None:
        return None
    file = f"{CAPTURES}/{path_a.name}"
    one, other = read_capture(path_a), read_capture(path_b)
    starts = max(one.offset, other.offset, key=len) - _RECORD_HEADER
    packet = int(np.searchsorted(starts, at, side="right")) - 1
    if at < _FILE_HEADER or packet < 0:
        return Difference(file, f"the file headers differ at byte {at}")
    longer = one if packet < len(one) else other
    time_ns = int(longer.time_ns[packet]) if packet < len(longer) else None
    return Difference(file, _what(one, other, packet), packet + 1, time_ns)


def _first_byte(a: Bytes, b: Bytes) -> int | None:
    """Return the first position where the files differ; the end of the shorter one when it is a part of the other."""
    size = min(len(a), len(b))
    for start in range(0, size, _CHUNK):
        other = a[start : min(start + _CHUNK, size)] != b[start : min(start + _CHUNK, size)]
        if other.any():
            return start + int(other.argmax())
    return None if len(a) == len(b) else size


def _what(one: Capture, other: Capture, packet: int) -> str:
    """Say what is different in a packet."""
    if packet >= len(one) or packet >= len(other):
        return f"only in run {'B' if packet >= len(one) else 'A'}"
    later_ns = int(other.time_ns[packet] - one.time_ns[packet])
    if later_ns:
        return f"captured {abs(later_ns)} ns {'later' if later_ns > 0 else 'earlier'} in run B"
    sizes = [(int(run.captured[packet]), int(run.original[packet])) for run in (one, other)]
    if sizes[0] != sizes[1]:
        return "{} of {} bytes in run A, {} of {} in run B".format(*sizes[0], *sizes[1])
    first, second = one.packet(packet), other.packet(packet)
    at = next(number for number, (x, y) in enumerate(zip(first, second, strict=True)) if x != y)
    return f"byte {at} is 0x{first[at]:02x} in run A, 0x{second[at]:02x} in run B"
