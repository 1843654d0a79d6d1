"""What a capture file holds, as arrays over one buffer, and the one error that reading it can raise."""

from __future__ import annotations

import mmap
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from testbed.measure.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Booleans = NDArray[np.bool_]

NO_TIME = int(np.iinfo(np.int64).min)
"""Time of a packet that carries none (pcapng's Simple Packet Block), or an impossible one."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One capture interface: its name as the file has it (None: the format or the writer gave none)."""

    name: str | None
    linktype: int
    snaplen: int = 0
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """The packets of one file in file order; all arrays have one entry a packet.

    `data` is the whole file, not copied where it can be mapped. `time_ns` is nanoseconds since the epoch or `NO_TIME`,
    `interface` an index into `interfaces`, `offset` where the packet's first byte lies in `data`, `captured` how many
    bytes the file has of it, `original` how many there were on the wire. `warnings` says what was not read, and why.
    """

    path: Path
    data: Bytes
    time_ns: Ints
    interface: NDArray[np.int32]
    offset: Ints
    captured: Ints
    original: Ints
    interfaces: tuple[Interface, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def linktype(self) -> NDArray[np.int32]:
        """Link type of every packet (LINKTYPE_ numbers of tcpdump.org)."""
        return np.array([one.linktype for one in self.interfaces], dtype=np.int32)[self.interface]

    @property
    def start_ns(self) -> int:
        """Time of the first packet that has one; 0 where none has, so that only differences to it make sense."""
        timed = int((self.time_ns != NO_TIME).argmax()) if len(self) else 0
        return int(self.time_ns[timed]) if len(self) and self.time_ns[timed] != NO_TIME else 0

    def packet(self, number: int) -> bytes:
        """Return the captured bytes of packet `number`, counted from 0."""
        start = int(self.offset[number])
        return self.data[start : start + int(self.captured[number])].tobytes()


def load(path: Path) -> Bytes:
    """Return the file's bytes, mapped and not read; `CaptureError` when there is nothing to read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise CaptureError(path, "is not a regular file")
        if status.st_size == 0:
            raise CaptureError(path, "is empty (0 bytes): nothing was captured, or the capture never started")
        with path.open("rb") as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8)
    except OSError as error:
        raise CaptureError(path, error.strerror or str(error)) from error


def words(data: Bytes, kind: str) -> NDArray[Any]:
    """Return `data` seen as one number of numpy type `kind` (such as '<u4') starting at *every* byte.

    No copy: `words(data, '>u2')[offsets]` picks the 16-bit numbers at any offsets, aligned or not.
    """
    size = np.dtype(kind).itemsize
    count = max(len(data) - size + 1, 0)
    return np.ndarray(shape=(count,), dtype=kind, buffer=data if count else b"\0" * size, strides=(1,))


def join(path: Path, parts: Sequence[tuple[str, Capture]]) -> Capture:
    """Return captures of one interface each as one capture in order of time; `parts` are (interface name, capture).

    At equal times the order of `parts` decides. Packets without a time come first.
    """
    shifts = np.cumsum([0, *(len(one.data) for _, one in parts)])
    sizes = [len(one) for _, one in parts]

    def column(name: str) -> Ints:
        return np.concatenate([np.empty(0, dtype=np.int64), *(getattr(one, name) for _, one in parts)])

    time_ns = column("time_ns")
    order = np.argsort(time_ns, kind="stable")
    return Capture(
        path=path,
        data=np.concatenate([np.empty(0, dtype=np.uint8), *(one.data for _, one in parts)]),
        time_ns=time_ns[order],
        interface=np.repeat(np.arange(len(parts), dtype=np.int32), sizes)[order],
        offset=(column("offset") + np.repeat(shifts[:-1], sizes))[order],
        captured=column("captured")[order],
        original=column("original")[order],
        interfaces=tuple(replace(one.interfaces[0], name=name) for name, one in parts),
        warnings=tuple(f"capture {name}: {warning}" for name, one in parts for warning in one.warnings),
    )


def only(capture: Capture, names: Collection[str]) -> Capture:
    """Return the packets of the interfaces with these names; all interfaces keep their numbers."""
    wanted = np.array([one.name in names for one in capture.interfaces], dtype=np.bool_)
    rows = np.flatnonzero(wanted[capture.interface])
    return replace(
        capture,
        **{name: getattr(capture, name)[rows] for name in ("time_ns", "interface", "offset", "captured", "original")},
    )
