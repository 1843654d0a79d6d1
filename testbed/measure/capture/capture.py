"""What a capture file holds, as arrays over one buffer."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Booleans = NDArray[np.bool_]

NO_TIME = int(np.iinfo(np.int64).min)
"""Time of a packet that carries none (pcapng's Simple Packet Block), or an impossible one."""

_WINDOW, _LARGE = 32 << 20, 512 << 20


@dataclass(frozen=True, slots=True)
class CaptureInterface:
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
    captured: NDArray[np.int32]
    original: NDArray[np.uint32]
    interfaces: tuple[CaptureInterface, ...]
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
        if len(self) and self.time_ns[0] != NO_TIME:  # as ever, and then there is no need to look at all
            return int(self.time_ns[0])
        timed = int((self.time_ns != NO_TIME).argmax()) if len(self) else 0
        return int(self.time_ns[timed]) if len(self) and self.time_ns[timed] != NO_TIME else 0

    def without_packets(self) -> Capture:
        """Return the capture with all that is known but for its packets, which take the memory."""
        nothing: dict[str, Any] = {name: np.empty(0, dtype=kind) for name, kind in CAPTURE_COLUMNS.items()}
        return replace(self, data=np.empty(0, dtype=np.uint8), **nothing)

    def packet(self, number: int) -> bytes:
        """Return the captured bytes of packet `number`, counted from 0."""
        start = int(self.offset[number])
        return self.data[start : start + int(self.captured[number])].tobytes()


def words(data: Bytes, kind: str) -> NDArray[Any]:
    """Return `data` seen as one number of numpy type `kind` (such as '<u4') starting at *every* byte.

    No copy: `words(data, '>u2')[offsets]` picks the 16-bit numbers at any offsets, aligned or not.
    """
    size = np.dtype(kind).itemsize
    count = max(len(data) - size + 1, 0)
    return np.ndarray(shape=(count,), dtype=kind, buffer=data if count else b"\0" * size, strides=(1,))


def release(data: Bytes, start: int, stop: int) -> None:
    """Let go of the memory that the file's bytes from `start` to `stop` take, if it is mapped; they can be read again.

    What was read of a mapped file counts as memory of the process until somebody else needs it. A file that is not
    large stays: reading it again takes time.
    """
    if len(data) < _LARGE:
        return
    view: object = data.base
    file = view.obj if isinstance(view, memoryview) else None
    if isinstance(file, mmap.mmap):
        first, last = (place // mmap.PAGESIZE * mmap.PAGESIZE for place in (start, stop))
        if first < last:
            file.madvise(mmap.MADV_DONTNEED, first, last - first)


def windows(data: Bytes, at: Ints) -> Iterator[slice]:
    """Yield slices of the places `at`, which ascend, and let go of what was read there when the next one is asked for.

    A place that is read brings its neighbours into memory, so that a few of them bring all of a file.
    """
    edges = np.searchsorted(at, np.arange(0, len(data) + _WINDOW, _WINDOW)).tolist()
    for number, (start, stop) in enumerate(pairwise(edges)):
        if start < stop:
            yield slice(start, stop)
            release(data, number * _WINDOW, min((number + 1) * _WINDOW, len(data)))


class Columns:
    """Columns that grow piece by piece, of numpy types `kinds`, each in one stretch of memory.

    Pieces that are put together in the end would take memory twice.
    """

    def __init__(self, kinds: Mapping[str, type[np.generic]]) -> None:
        self._columns: dict[str, NDArray[Any]] = {name: np.empty(0, dtype=kind) for name, kind in kinds.items()}
        self._room = 0
        self.count = 0

    def add(self, **columns: NDArray[Any]) -> None:
        """Add a piece of each column, all equally long."""
        end = self.count + len(next(iter(columns.values())))
        if end > self._room:
            self._resize(max(end, self._room + self._room // 4))
        for name, column in columns.items():
            self._columns[name][self.count : end] = column
        self.count = end

    def take(self) -> dict[str, NDArray[Any]]:
        """Return all that was added, by name."""
        self._resize(self.count)
        return self._columns

    def _resize(self, room: int) -> None:
        for column in self._columns.values():
            column.resize(room, refcheck=False)  # nobody else has them yet; large ones are moved without a copy
        self._room = room


CAPTURE_COLUMNS: dict[str, type[np.generic]] = {
    "time_ns": np.int64,
    "interface": np.int32,
    "offset": np.int64,
    "captured": np.int32,
    "original": np.uint32,
}
"""The columns of a `Capture`."""


def join(path: Path, parts: Sequence[tuple[str, Capture]]) -> Capture:
    """Return captures of one interface each as one capture in order of time; `parts` are (interface name, capture).

    At equal times the order of `parts` decides. Packets without a time come first.
    """
    shifts = np.cumsum([0, *(len(one.data) for _, one in parts)])
    columns = Columns(CAPTURE_COLUMNS)
    for number, (_, one) in enumerate(parts):
        columns.add(
            time_ns=one.time_ns,
            interface=np.full(len(one), number),
            offset=one.offset + shifts[number],
            captured=one.captured,
            original=one.original,
        )
    joined = columns.take()
    order = np.argsort(joined["time_ns"], kind="stable")
    return Capture(
        path=path,
        data=np.concatenate([np.empty(0, dtype=np.uint8), *(one.data for _, one in parts)]),
        **{name: column[order] for name, column in joined.items()},
        interfaces=tuple(replace(one.interfaces[0], name=name) for name, one in parts),
        warnings=tuple(f"capture {name}: {warning}" for name, one in parts for warning in one.warnings),
    )


def only(capture: Capture, names: Collection[str]) -> Capture:
    """Return the packets of the interfaces with these names; all interfaces keep their numbers."""
    wanted = np.array([one.name in names for one in capture.interfaces], dtype=np.bool_)
    return picked(capture, wanted[capture.interface])


def picked(capture: Capture, which: Booleans) -> Capture:
    """Return some of the packets."""
    rows = np.flatnonzero(which)
    return replace(
        capture,
        **{name: getattr(capture, name)[rows] for name in CAPTURE_COLUMNS},
    )
