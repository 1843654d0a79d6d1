"""Records that say only how long they are: where does each one begin?

A capture file is such a chain, and a chain cannot be read in parallel. But calls send packets of one size, so whole
runs of records are equally long: a run is found with one strided comparison, and only what is between runs is walked.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture import words

if TYPE_CHECKING:
    from testbed.measure.capture import Bytes, Ints

ALIKE = 8
"""So many equally long records in a row make it worth looking for a run."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a record says its length: `overhead` + the number at `length_at`, which lies in `smallest`..`largest`."""

    order: str
    length_at: int
    overhead: int
    header: int
    smallest: int
    largest: int
    stop_word: int | None = None


class Stop(Enum):
    """Why a walk ended."""

    END = "the file's end"
    CUT = "the last record is not whole"
    ABSURD = "a record's length is impossible"
    WORD = "a record that starts something new"


@dataclass(frozen=True, slots=True)
class Walk:
    """Offsets of the whole records, where the walk ended, and why."""

    offsets: Ints
    position: int
    stop: Stop


def walk(data: Bytes, start: int, layout: Layout) -> Walk:
    """Follow the chain from `start`; a record that does not fit into `data` whole is not in the result."""
    found: list[Ints] = []
    position, stop = start, None
    while stop is None:
        position, stop = _walk_singles(data, position, layout, found)
        if stop is None:
            position = _leap(data, position, layout, found)
    offsets = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    return Walk(offsets, position, stop)


def _walk_singles(data: Bytes, position: int, layout: Layout, found: list[Ints]) -> tuple[int, Stop | None]:
    """Walk record by record until the chain ends or `ALIKE` of one length came in a row (then None)."""
    view, end = data.data, len(data)
    read = struct.Struct(layout.order + "I").unpack_from
    length_at, overhead, stop_word = layout.length_at, layout.overhead, layout.stop_word
    offsets = array("q")
    previous, alike, stop = -1, 0, None
    while alike < ALIKE:
        stop = _stop_at(position, end, layout)
        if stop is not None:
            break
        (length,) = read(view, position + length_at)
        if stop_word is not None and read(view, position)[0] == stop_word:
            stop = Stop.WORD
            break
        if not layout.smallest <= length <= layout.largest:
            stop = Stop.ABSURD
            break
        if position + overhead + length > end:
            stop = Stop.CUT
            break
        alike = alike + 1 if length == previous else 0
        previous = length
        offsets.append(position)
        position += overhead + length
    found.append(np.frombuffer(offsets, dtype=np.int64) if offsets else np.empty(0, dtype=np.int64))
    return position, stop


def _stop_at(position: int, end: int, layout: Layout) -> Stop | None:
    if position + layout.header <= end:
        return None
    return Stop.END if position == end else Stop.CUT


def _leap(data: Bytes, position: int, layout: Layout, found: list[Ints]) -> int:
    """Take all following records that are as long as the one at `position`, in growing strides."""
    kind = layout.order + "u4"
    numbers = words(data, kind)
    if position + layout.header > len(data):
        return position
    length = int(numbers[position + layout.length_at])
    step = layout.overhead + length
    if not layout.smallest <= length <= layout.largest:
        return position
    possible, done, size = (len(data) - position) // step, 0, 64
    while done < possible:
        count = min(size, possible - done)
        first = position + done * step
        other = numbers[first + layout.length_at :: step][:count] != length
        if layout.stop_word is not None:
            other |= numbers[first::step][:count] == layout.stop_word
        same = int(other.argmax()) if other.any() else count
        done += same
        if same < count:
            break
        size = min(size * 4, 1 << 16)
    found.append(position + step * np.arange(done, dtype=np.int64))
    return position + step * done
