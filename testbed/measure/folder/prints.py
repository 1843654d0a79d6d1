"""What is left of a run's captures to compare others with: a digest of each file, and two bytes of each packet."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from testbed.measure.capture.capture_bytes import load
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.difference import CAPTURES, Difference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RECORD_HEADER = 16


class CapturePrint(TypedDict):
    """Of one capture file: its SHA-256, and of each packet the low 16 bits of a CRC-32 over time, lengths and bytes.

    `packets` is in Base64, little-endian. Another packet has the same two bytes once in 65536 times; the digest then
    still says that the file is not the same.
    """

    sha256: str
    packets: str


def prints_of(folder: Path) -> dict[str, CapturePrint]:
    """The prints of a run folder's captures, by file name."""
    return {path.name: _print_of(path) for path in sorted((folder / CAPTURES).glob("*.pcap"))}


def first_difference_from(prints: Mapping[str, CapturePrint], folder: Path) -> Difference | None:
    """The first difference of a run's captures to these prints; as `first_difference` otherwise."""
    mine = prints_of(folder)
    for name in sorted(prints.keys() ^ mine.keys()):
        where = "the run" if name in mine else "the reference"
        return Difference(f"{CAPTURES}/{name}", f"only in {where}")
    found = [_difference(folder / CAPTURES / name, prints[name], mine[name]) for name in sorted(prints)]
    differences = [one for one in found if one is not None]
    return min(differences, key=lambda one: (one.time_ns is not None, one.time_ns or 0, one.file), default=None)


def _print_of(path: Path) -> CapturePrint:
    data, capture = load(path), read_capture(path)
    sums = [
        zlib.crc32(data[start - _RECORD_HEADER : start + size].tobytes()) & 0xFFFF
        for start, size in zip(capture.offset.tolist(), capture.captured.tolist(), strict=True)
    ]
    packed = np.array(sums, dtype="<u2").tobytes()
    return {"sha256": hashlib.sha256(data.tobytes()).hexdigest(), "packets": base64.b64encode(packed).decode()}


def _difference(path: Path, reference: CapturePrint, mine: CapturePrint) -> Difference | None:
    if reference["sha256"] == mine["sha256"]:
        return None
    file = f"{CAPTURES}/{path.name}"
    before, now = (np.frombuffer(base64.b64decode(one["packets"]), dtype="<u2") for one in (reference, mine))
    size = min(len(before), len(now))
    others = np.flatnonzero(before[:size] != now[:size])
    packet = int(others[0]) if len(others) else size
    if packet == len(before) == len(now):
        return Difference(file, "the bytes differ, though no packet seems to")
    capture = read_capture(path)
    time_ns = int(capture.time_ns[packet]) if packet < len(capture) else None
    counts = f"; {len(now)} packets, in the reference {len(before)}" if len(before) != len(now) else ""
    return Difference(file, f"another one than in the reference{counts}", packet + 1, time_ns)
